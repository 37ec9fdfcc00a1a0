"""D3: a cookie or header keeps a user on one release of a canary, through the real nginx."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from math import sqrt
from typing import TYPE_CHECKING

import pytest

from tests.rollouts.conftest import set_up_host

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.rollouts.host import RolloutHost

USERS = 100


@pytest.fixture(params=["process"])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RolloutHost]:
    """nginx has the same configuration with processes as with containers."""
    yield from set_up_host(request, tmp_path)


def send_get(host: RolloutHost, path: str, name: str, value: str) -> bytes:
    """Send a GET with one header."""
    connection = HTTPConnection(*host.proxy, timeout=10)
    try:
        connection.request("GET", path, headers={name: value})
        return connection.getresponse().read()
    finally:
        connection.close()


def read_sides(host: RolloutHost, name: str, value: str) -> tuple[str, str]:
    """Read which revision answers a user, twice; in between send what the gates count."""
    first = send_get(host, "/version", name, value)
    send_get(host, "/greetings/ada", name, value)
    second = send_get(host, "/version", name, value)
    return json.loads(first)["revision"], json.loads(second)["revision"]


@pytest.mark.parametrize(
    ("sticky", "name", "form"),
    [
        ("cookie:my_side", "Cookie", "other=1; my_side={}"),
        ("header:X-User-Id", "X-User-Id", "{}"),
    ],
)
def test_a_canary_of_half_gets_half_of_the_users(
    host: RolloutHost, sticky: str, name: str, form: str
) -> None:
    host.configure(canary=((50, 15),), minimum_requests=1, sticky=sticky)
    tool = host.start_tool("canary", host.create_release("two"))
    for line in tool.stdout:
        if "observe" in line:
            break
    sides = [read_sides(host, name, form.format(f"user-{number}")) for number in range(USERS)]
    tool.communicate()
    assert tool.returncode == 0
    assert all(first == second for first, second in sides)
    share = sum(first == "two" for first, _ in sides)
    print(f"D3: canary of 50 % by {sticky}, process: {share} % of {USERS} users")  # noqa: T201 - the figure
    assert abs(share - USERS / 2) <= 3 * sqrt(USERS / 4)


def test_without_stickiness_one_address_sees_both_releases(host: RolloutHost) -> None:
    host.configure(canary=((50, 15),), minimum_requests=1, sticky="none")
    tool = host.start_tool("canary", host.create_release("two"))
    for line in tool.stdout:
        if "observe" in line:
            break
    sides = [read_sides(host, "X-Plain", "1")[0] for _ in range(USERS)]
    tool.communicate()
    assert tool.returncode == 0
    share = sum(side == "two" for side in sides)
    print(f"D3: canary of 50 % by none, process: {share} % of {USERS} requests of one address")  # noqa: T201 - the figure
    assert abs(share - USERS / 2) <= 3 * sqrt(USERS / 4)
