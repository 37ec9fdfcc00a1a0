"""HEAD is GET without the body, also through nginx, and is counted under the route of GET."""

from __future__ import annotations

import urllib.request
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest

from tests.proofs.proxied import connect_directly, open_port, start_proxy

if TYPE_CHECKING:
    from pathlib import Path

    from tests.proofs.carved import Carved
    from tests.proofs.proxied import Connect


@pytest.mark.parametrize("connect", [connect_directly, start_proxy])
def test_head_is_answered_like_get_and_counted_under_its_route(
    self_contained: Carved, tmp_path: Path, connect: Connect
) -> None:
    tmp_path.chmod(0o755)
    with (
        self_contained.serve() as replica,
        open_port(connect, self_contained, tmp_path, replica.address.port) as port,
    ):
        client = HTTPConnection("127.0.0.1", port, timeout=30)
        for _ in range(2):  # one connection: a body that was sent would spoil the second answer
            client.request("HEAD", "/greetings/Ada")
            head = client.getresponse()
            assert (head.status, head.read()) == (200, b"")
            assert int(head.headers["content-length"]) > 0
        url = replica.wait_for_line("serving metrics")["url"]
        with urllib.request.urlopen(url, timeout=10) as scraped:  # noqa: S310 - it said so itself
            lines: list[str] = scraped.read().decode().splitlines()
        client.close()
    counted = [it for it in lines if it.startswith("http_requests_total{") and "HEAD" in it]
    assert [it.rpartition(" ")[2] for it in counted] in (["2"], ["2.0"]), counted
    assert 'route="/greetings/{name}"' in counted[0]
