"""Hosts that are unlike the developer's: files that only their owner may read, and IPv6 alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.containers.stack import Stack, ask, eventually, inspect, run
from tests.containers.working import assert_works, is_scraped

if TYPE_CHECKING:
    from collections.abc import Iterator

EDGE = "  edge:\n"
IPV6 = f"{EDGE}    enable_ipv6: true\n    enable_ipv4: false\n"


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A service whose checkout was made under `umask 077`, up."""
    off = dict.fromkeys(("database", "cache", "outbound", "auth"), False)
    stack = Stack.carve(tmp_path_factory.mktemp("private"), **off)
    run("chmod", "--recursive", "go=", str(stack.path))
    with stack.up():
        yield stack


def test_files_that_only_their_owner_may_read_are_read_by_the_containers(private: Stack) -> None:
    assert_works(private)
    eventually(lambda: is_scraped(private))
    for service in ("proxy", "prometheus"):
        assert inspect(private.containers(service)[0])["RestartCount"] == 0


def test_where_there_is_no_ipv4_the_service_and_the_proxy_answer(private: Stack) -> None:
    path = private.path / "compose.yaml"
    assert EDGE in path.read_text()
    path.write_text(path.read_text().replace(EDGE, IPV6))
    private.make("down")
    private.variables = {"HTTP_ADDRESS": "[::1]"}
    said = private.make("up")
    assert f"service        http://[::1]:{private.address.port}" in said.splitlines()
    edge = inspect(private.containers("web")[0])["NetworkSettings"]["Networks"]
    joined = edge[f"{private.project}_edge"]
    assert not joined["IPAddress"]
    answer = ask(private.address, "/greetings/ada", Host="localhost", X_Request_ID="six")
    assert answer.status == 200
    line = next(it for it in private.lines("proxy") if it.get("request_id") == "six")
    assert line["upstream.address"] == f"[{joined['GlobalIPv6Address']}]:8000"
