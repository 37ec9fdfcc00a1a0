"""D3: what keeps a user on one side of a canary splits them, through the real nginx."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from math import sqrt
from typing import TYPE_CHECKING

import pytest

from tests.rollouts.conftest import hosted
from tests.rollouts.place import ask

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.rollouts.place import Place

USERS = 100


@pytest.fixture(params=["process"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """The proxy is told the same with either driver."""
    yield from hosted(request, tmp_path)


def version(place: Place, name: str, value: str) -> str:
    """Ask, with one header, which revision answers."""
    connection = HTTPConnection(*place.proxy, timeout=10)
    try:
        connection.request("GET", "/version", headers={name: value})
        return str(json.loads(connection.getresponse().read())["revision"])
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("sticky", "name", "form"),
    [
        ("cookie:my_side", "Cookie", "other=1; my_side={}"),
        ("header:X-User-Id", "X-User-Id", "{}"),
    ],
)
def test_a_canary_of_half_gets_half_of_the_users(
    place: Place, sticky: str, name: str, form: str
) -> None:
    place.configure(canary=((50, 15),), minimum_requests=1, sticky=sticky)
    tool = place.start("canary", place.release("two"))
    for line in tool.stdout:
        if "observe" in line:
            break
    ask(place.proxy, "/greetings/ada")  # the gates want a user, not probes
    sides = [
        [version(place, name, form.format(f"user-{number}")) for _ in range(2)]
        for number in range(USERS)
    ]
    tool.communicate()
    assert tool.returncode == 0
    assert all(first == second for first, second in sides)
    share = sum(first == "two" for first, _ in sides)
    print(f"D3: canary of 50 % by {sticky}, process: {share} % of {USERS} users")  # noqa: T201 - the figure
    assert abs(share - USERS / 2) <= 3 * sqrt(USERS / 4)
