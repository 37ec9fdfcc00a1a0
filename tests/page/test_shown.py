"""What the page says about a service is so: what differs, and what it amounts to."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.pairwise import pairwise, seed
from tests.template import answer, carve, texts

if TYPE_CHECKING:
    from pathlib import Path

    from tests.page.conftest import Port

PAIRS = list(zip(pairwise(seed()), pairwise(seed())[1:], strict=False))[:6]


@pytest.mark.parametrize("pair", PAIRS, ids=repr)
def test_a_difference_leads_from_one_service_to_the_other(
    port: Port, tmp_path: Path, pair: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    answers = [port.ask("settle", one)["answers"] for one in pair]
    before, after = (texts(carve(tmp_path / str(it), **one)) for it, one in enumerate(answers))
    found = {it["path"]: it for it in port.ask("differences", answers)}
    assert found.keys() == {
        name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
    }
    for name, it in found.items():
        old, new = ([line for kind, line in it["lines"] if kind in kinds] for kinds in (" -", " +"))
        assert old == before.get(name, "").splitlines(), name
        assert new == after.get(name, "").splitlines(), name
        assert it["fewer"] == sum(kind == "-" for kind, _ in it["lines"])
        assert it["more"] == sum(kind == "+" for kind, _ in it["lines"])


@pytest.mark.parametrize("given", [{}, *pairwise(seed())[:6]], ids=repr)
def test_the_totals_are_those_of_the_files(
    port: Port, tmp_path: Path, given: dict[str, Any]
) -> None:
    answers = port.ask("settle", given)["answers"]
    service = texts(carve(tmp_path / "orders", **answers))
    packages, containers, ports = set(), [], []
    for name in ("pyproject.toml", "chassis/pyproject.toml"):
        needed = tomllib.loads(service[name])["project"]["dependencies"]
        packages |= {it.partition("[")[0].partition(">")[0] for it in needed} - {"vendored-chassis"}
    for one in yaml.safe_load(service.get("compose.yaml", "include: []"))["include"]:
        for name, it in yaml.safe_load(service[one["path"]])["services"].items():
            if "profiles" not in it:
                containers.append(name)
                ports += it.get("ports", [])
    found = {name: count for name, count, _ in port.ask("totals", answers)}
    assert found["files"] == len(service)
    assert found["lines"] == sum(text.count("\n") for text in service.values())
    assert found["dependencies"] == len(packages)
    assert found["containers"] == len(containers)
    own = 1 + int("chassis/metrics/__init__.py" in service)
    assert found["ports"] == own + len(ports)


def test_carving_takes_no_time_that_one_notices(port: Port) -> None:
    names = [f"Order desk {it}" for it in range(20)]
    took = port.ask("seconds", {"answers": answer(), "names": names})
    print(f"W1: {took:.1f} ms for a service, with every name again")  # noqa: T201 - the figure
    assert took < 1000
