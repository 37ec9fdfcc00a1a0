"""Every name that the chassis offers exists; `docs/chassis.md` lists them."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

CHASSIS = Path(__file__).parent.parent
NOT_OFFERED = {"contract", "rollout", "tests"}


def public_modules() -> list[str]:
    paths = [path.relative_to(CHASSIS) for path in sorted(CHASSIS.rglob("*.py"))]
    return [
        ".".join((CHASSIS.name, *path.with_suffix("").parts)).removesuffix(".__init__")
        for path in paths
        if NOT_OFFERED.isdisjoint(path.parts)
        and "\n__all__ = " in (CHASSIS / path).read_text("utf-8")
    ]


def test_the_modules_that_offer_something_are_found() -> None:
    assert {"chassis.problems", "chassis.server", "chassis.service"} <= {*public_modules()}


@pytest.mark.parametrize("name", public_modules())
def test_a_public_module_has_every_name_that_it_lists(name: str) -> None:
    module = import_module(name)
    assert [it for it in module.__all__ if not hasattr(module, it)] == []
