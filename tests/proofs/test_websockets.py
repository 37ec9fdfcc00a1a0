"""R12: an open WebSocket is seen, works through nginx, and neither escapes nor voids the drain."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
import urllib.request
from typing import TYPE_CHECKING

import pytest

from tests.proofs.carved import uv
from tests.proofs.proxied import connect_directly, open_port, start_proxy
from tests.template import RAW

if TYPE_CHECKING:
    from pathlib import Path

    from tests.proofs.carved import Carved, Replica
    from tests.proofs.proxied import Connect

CLIENT = """
import sys
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

options = {"proxy": None, "additional_headers": {"X-Request-ID": "from-outside"}}
with connect(sys.argv[1], **options) as client:
    client.send("hello")
    print(client.recv(timeout=10), client.response.headers["x-request-id"], flush=True)
    try:
        client.recv(timeout=60)
    except ConnectionClosed:
        print(client.close_code, flush=True)
"""


@pytest.fixture(scope="module", autouse=True)
def _the_library_is_installed(self_contained: Carved) -> None:
    """Add the library, as the line at the start says, and the routes: it is carved without both."""
    self_contained.run(uv(), "pip", "install", "--quiet", "websockets>=17.4,<18")
    routes = "chassis/tests/serving.py"
    (self_contained.path / routes).parent.mkdir()
    shutil.copy(RAW / routes, self_contained.path / routes)


def gauge(replica: Replica) -> str:
    """Scrape the gauge of open WebSockets."""
    url = replica.wait_for_line("serving metrics")["url"]
    with urllib.request.urlopen(url, timeout=10) as scraped:  # noqa: S310 - it said so itself
        lines: list[str] = scraped.read().decode().splitlines()
    return next(line for line in lines if line.startswith("websockets_open "))


@pytest.mark.parametrize("connect", [connect_directly, start_proxy])
def test_an_open_websocket_neither_voids_the_drain_nor_goes_unseen(
    self_contained: Carved, tmp_path: Path, connect: Connect
) -> None:
    tmp_path.chmod(0o755)
    statuses: list[int] = []
    with (
        self_contained.serve(
            "-m",
            "chassis.tests.serving",
            SERVER_DRAIN_SECONDS="1",
            SERVER_TRUSTED_PROXIES="127.0.0.1",
        ) as replica,
        open_port(connect, self_contained, tmp_path, replica.address.port) as port,
    ):
        websocket = subprocess.Popen(
            [self_contained.python, "-c", CLIENT, f"ws://127.0.0.1:{port}/echo"],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert websocket.stdout
        assert websocket.stdout.readline() == "hello from-outside\n"
        assert gauge(replica) == "websockets_open 1.0"
        request = threading.Thread(target=lambda: statuses.append(replica.ask("/slow/4").status))
        request.start()
        replica.wait_for_line("waiting")
        asked = time.monotonic()
        assert replica.stop() == 0
        seconds = time.monotonic() - asked
        assert websocket.communicate(timeout=30)[0] == "1012\n"
        request.join()
        assert statuses == [200]
        line = replica.wait_for_line("WebSocket /echo closed with 1012")
        assert (
            line["request_id"] == replica.wait_for_line("echoing")["request_id"] == "from-outside"
        )
        assert not [it for it in replica.lines if it["level"] in {"warning", "error"}]
    print(f"R12: {connect.__name__}: a request of 4 s answered, 1012, exit 0 in {seconds:.1f} s")  # noqa: T201 - the figure


def test_no_other_protocol_gets_past_the_proxy(self_contained: Carved, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    headers = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c"}
    with (
        self_contained.serve("-m", "chassis.tests.serving") as replica,
        open_port(start_proxy, self_contained, tmp_path, replica.address.port) as port,
    ):
        url = f"http://127.0.0.1:{port}/headers"
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            seen = answer.read().decode()
        assert "h2c" not in seen
        assert "upgrade" not in seen.lower()
