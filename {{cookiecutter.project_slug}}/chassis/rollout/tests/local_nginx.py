"""An nginx of its own on this host, of any version, with everything it writes in one folder."""

from __future__ import annotations

import getpass
import grp
import os
import re
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from chassis.rollout.errors import StepError
from chassis.rollout.http_client import Address
from chassis.rollout.nginx import ADMIN_PORT, render_block
from chassis.rollout.subprocesses import last_lines, run

if TYPE_CHECKING:
    from chassis.rollout.configuration import Configuration

FORWARDING = (
    "proxy_pass http://$rollout_app;",
    "proxy_http_version 1.1;",
    'proxy_set_header Connection "";',
    "proxy_set_header Host $http_host;",
    "proxy_set_header X-Forwarded-For $remote_addr;",
    "proxy_set_header X-Forwarded-Proto $scheme;",
    "proxy_connect_timeout 1s;",
    "proxy_next_upstream error timeout;",
    "proxy_next_upstream_timeout 5s;",
)
"""A request that an instance has not accepted is retried on another.

One that was sent and may have been handled, such as a POST, is never sent again. Time bounds the
retries, not their number: all instances of a release may exit at once, before the backup's turn.
"""
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class LocalNginx:
    """Started by the first shift of traffic; it keeps running when the tool has exited."""

    def __init__(self, configuration: Configuration) -> None:
        self.settings = configuration.proxy
        self.admin_port = configuration.proxy.port + 1
        self.folder = Path(configuration.directory) / "nginx"

    def check(self) -> None:
        """Nothing else starts it."""

    def admin_address(self) -> Address:
        return Address("127.0.0.1", self.admin_port)

    def install(self, text: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        candidate = self.folder / "nginx.new.conf"
        candidate.write_text(self._render(text))
        run(*self._command(candidate.name), "-t")
        candidate.replace(self.folder / "nginx.conf")

    def reload(self) -> None:
        if master := self._master():
            os.kill(master, signal.SIGHUP)
            return
        ended = subprocess.run(  # noqa: S603 - a command of this module
            self._command("nginx.conf"),
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # a pipe would stay open as long as nginx runs
            stderr=subprocess.DEVNULL,
        )
        if ended.returncode:
            log = last_lines((self.folder / "error.log").read_text(errors="replace"))
            raise StepError(f"nginx does not start: {log}")

    def worker_pids(self) -> set[int]:
        master = self._master()
        children = Path(f"/proc/{master}/task/{master}/children")
        return set(map(int, children.read_text().split())) if master else set()

    def clear_traffic(self) -> None:
        """Without rollouts it has no upstream."""

    def _command(self, configuration: str) -> tuple[str, ...]:
        prefix = f"{self.folder}/"
        return "nginx", "-p", prefix, "-e", "error.log", "-c", prefix + configuration

    def _master(self) -> int:
        path = self.folder / "nginx.pid"
        text = path.read_text().strip() if path.exists() else ""
        is_ours = text.isdigit() and f"{self.folder}/" in _title(int(text))
        return int(text) if is_ours else 0

    def _render(self, text: str) -> str:
        # Addresses need no resolver, and versions before 1.27.3 have none.
        text = text.replace(" resolve ", " ")
        text = text.replace(f"listen {ADMIN_PORT};", f"listen 127.0.0.1:{self.admin_port};")
        http = render_block(
            "http",
            "access_log off;",
            *(f"{path}_temp_path {path};" for path in TEMPORARY),
            keep_alive_directive(run("nginx", "-v")),
            text,
            render_block(
                "server", f"listen {self.settings.port};", render_block("location /", *FORWARDING)
            ),
        )
        group = grp.getgrgid(os.getgid()).gr_name
        lines = (
            f"user {getpass.getuser()} {group};" if os.geteuid() == 0 else "",
            "worker_processes auto;",
            f"worker_shutdown_timeout {self.settings.leave_seconds:g}s;",
            "pid nginx.pid;",
            "error_log error.log;",
            render_block("events", "worker_connections 4096;"),
            http,
        )
        return "\n".join(lines) + "\n"


def keep_alive_directive(version: str) -> str:
    """Older versions close idle connections at a reload, when a request may be on its way."""
    found = re.search(r"nginx/([\d.]+)", version)
    is_new = found and tuple(map(int, found[1].split("."))) >= (1, 27, 4)
    return "keepalive_min_timeout 2s;" if is_new else "keepalive_timeout 0;"


def _title(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
    except OSError:
        return ""
