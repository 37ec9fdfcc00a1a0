"""The owner of a service is named where a host and a reporter look, as it was answered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pre_gen_project import problems
from tests.template import MANIFEST, ROOT, answer, carve, run, texts

if TYPE_CHECKING:
    from pathlib import Path

OWNER = {"author": "Zoë & Söhne", "email": "order-desk@shop.test"}
PLACES = {"github": [".github/CODEOWNERS"], "gitlab": [".gitlab/CODEOWNERS"], "none": []}
"""Where each host looks for the owners of code: ci -> paths."""
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


@pytest.mark.parametrize("ci", PLACES)
def test_the_owner_of_the_code_is_named_where_its_host_looks(ci: str, tmp_path: Path) -> None:
    service = texts(carve(tmp_path / "orders", ci=ci, **OWNER))
    assert [path for path in service if "CODEOWNERS" in path] == PLACES[ci]
    for path in PLACES[ci]:
        rules = [line for line in service[path].splitlines() if not line.startswith("#")]
        assert rules == ["* order-desk@shop.test"]
    if not PLACES[ci]:
        assert [path for path, text in service.items() if "CODEOWNERS" in text] == []


@pytest.mark.parametrize("ci", PLACES)
def test_vulnerabilities_are_reported_to_the_owner(ci: str, tmp_path: Path) -> None:
    service = carve(tmp_path / "orders", ci=ci, **OWNER)
    said = (service / "SECURITY.md").read_text("utf-8")
    assert "Write to Zoë & Söhne, <order-desk@shop.test>." in said
    assert ADDRESS.findall(said) == ["order-desk@shop.test"]


def test_no_default_owner_is_left_once_somebody_answered(tmp_path: Path) -> None:
    service = texts(carve(tmp_path / "orders", **OWNER))
    invented = [MANIFEST["author"], MANIFEST["email"]]
    assert [path for path, text in service.items() if any(it in text for it in invented)] == []


@pytest.mark.parametrize("name", OWNER)
def test_a_service_without_an_owner_is_refused(name: str) -> None:
    (said,) = problems({**answer(), name: ""})
    assert said.startswith(f"{name}: ")


def test_carving_says_that_the_default_address_reaches_nobody(tmp_path: Path) -> None:
    carving = ("cookiecutter", str(ROOT), "--no-input")
    default, answered = (
        run(*carving, *said, cwd=tmp_path).stdout
        for said in ([], ["project_slug=desk", f"email={OWNER['email']}"])
    )
    assert f"{MANIFEST['email']} reaches nobody" in default
    assert "is ready" in answered
    assert "reaches nobody" not in answered
