"""The proxy of the compose file in front of a replica, as Debian's nginx runs it."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.proofs.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.proofs.carved import Carved

    Connect = Callable[[Carved, Path, int], int]


def start_proxy(service: Carved, folder: Path, upstream: int) -> int:
    """Start the proxy of the compose file; what Debian's nginx is too old for is left out."""
    port, source = free_port(), service.path / "proxy" / "nginx"
    for path in source.rglob("*.*"):
        text = path.read_text()
        for old, new in (
            ("server web:8000 resolve max_fails=0;", f"server 127.0.0.1:{upstream} max_fails=0;"),
            ("listen 8080 default_server;", f"listen 127.0.0.1:{port} default_server;"),
            ("listen 127.0.0.1:8081;", f"listen 127.0.0.1:{free_port()};"),
            ("/proc/net/if_inet6", "/nowhere"),
            ("keepalive_min_timeout 2s;", ""),
            ("daemon off;", f"user {getpass.getuser()};"),
            ("/tmp/", f"{folder}/"),  # noqa: S108 - where the container keeps what it writes
            ("/dev/stdout", f"{folder}/access.log"),
            ("-e stderr", f"-e {folder}/error.log"),
        ):
            text = text.replace(old, new)
        written = folder / path.relative_to(source)
        written.parent.mkdir(exist_ok=True)
        written.write_text(text)
    start = ("sh", f"{folder}/start.sh", "-p", f"{folder}/", "-c", f"{folder}/nginx.conf")
    nowhere = subprocess.DEVNULL  # a pipe would stay open as long as nginx runs
    ended = subprocess.run(start, check=False, timeout=30, stdout=nowhere, stderr=nowhere)
    assert ended.returncode == 0, (folder / "error.log").read_text()
    return port


def connect_directly(_: Carved, __: Path, upstream: int) -> int:
    """Use no proxy."""
    return upstream


@contextmanager
def open_port(connect: Connect, service: Carved, folder: Path, upstream: int) -> Iterator[int]:
    """Give the port where clients connect; end the nginx that was started."""
    if connect is not connect_directly and shutil.which("nginx") is None:
        pytest.skip("NOT PROVEN: no nginx here (Debian: apt install nginx)")
    try:
        yield connect(service, folder, upstream)
    finally:
        for pid in folder.rglob("nginx.pid"):
            os.kill(int(pid.read_text()), signal.SIGTERM)
