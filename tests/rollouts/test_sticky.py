"""D3: what keeps a user on one side of a canary splits them, through the real nginx."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from math import sqrt
from typing import TYPE_CHECKING

import pytest

from tests.rollouts.conftest import hosted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.rollouts.place import Place

USERS = 100


@pytest.fixture(params=["process"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """The proxy is told the same with either driver."""
    yield from hosted(request, tmp_path)


def asked(place: Place, path: str, name: str, value: str) -> bytes:
    """Ask with one header."""
    connection = HTTPConnection(*place.proxy, timeout=10)
    try:
        connection.request("GET", path, headers={name: value})
        return connection.getresponse().read()
    finally:
        connection.close()


def side(place: Place, name: str, value: str) -> tuple[str, str]:
    """Tell which revision answers a user, twice; between that do what the gates count, no probe."""
    first = asked(place, "/version", name, value)
    asked(place, "/greetings/ada", name, value)
    second = asked(place, "/version", name, value)
    return json.loads(first)["revision"], json.loads(second)["revision"]


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
    sides = [side(place, name, form.format(f"user-{number}")) for number in range(USERS)]
    tool.communicate()
    assert tool.returncode == 0
    assert all(first == second for first, second in sides)
    share = sum(first == "two" for first, _ in sides)
    print(f"D3: canary of 50 % by {sticky}, process: {share} % of {USERS} users")  # noqa: T201 - the figure
    assert abs(share - USERS / 2) <= 3 * sqrt(USERS / 4)
