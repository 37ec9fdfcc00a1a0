"""Runs an nginx of its own on this host, with everything it writes in one folder."""

from __future__ import annotations

import getpass
import grp
import os
import re
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from chassis.rollout.commands import last, run
from chassis.rollout.errors import StepFailed
from chassis.rollout.nginx import block, keeping
from chassis.rollout.probe import Address

if TYPE_CHECKING:
    from chassis.rollout.configuration import Configuration

FORWARDING = (
    "proxy_pass http://$rollout_app;",
    "proxy_http_version 1.1;",
    "proxy_set_header Upgrade $asked_upgrade;",
    "proxy_set_header Connection $asked_connection;",
    "proxy_set_header Host $http_host;",
    "proxy_set_header X-Forwarded-For $remote_addr;",
    "proxy_set_header X-Forwarded-Proto $scheme;",
    "proxy_connect_timeout 1s;",
    "proxy_next_upstream error timeout;",
    "proxy_next_upstream_timeout 5s;",
)
"""With a net for crashes: a request that an instance has not taken is passed on to another.

One that was sent and may have been worked on, such as a POST, is never sent again. Time bounds it,
not a number of tries: all instances of a release may die at once, and only then comes the backup.
"""


WEBSOCKETS = (
    block("map $http_upgrade $asked_upgrade", 'default "";', '"~*^websocket$" websocket;'),
    block("map $asked_upgrade $asked_connection", 'default "";', "websocket upgrade;"),
)
"""The only protocol that is passed on; for other requests both headers are empty, so not sent."""


class LocalNginx:
    """Started by the first shift of traffic; it outlives this tool."""

    resolves = False

    def __init__(self, configuration: Configuration) -> None:
        self.settings = configuration.proxy
        self.program = configuration.process.nginx
        self.folder = Path(configuration.directory) / "nginx"

    def check(self) -> None:
        """Nobody else starts one that is taken for ours."""

    def version(self) -> tuple[int, ...]:
        """Ask the program."""
        found = re.search(r"nginx/([\d.]+)", run(self.program, "-v"))
        return tuple(map(int, found[1].split("."))) if found else ()

    def admin(self) -> Address:
        """It listens on this host itself."""
        return Address("127.0.0.1", self.settings.admin_port)

    def admin_listen(self) -> str:
        """It listens on this host itself."""
        return f"127.0.0.1:{self.settings.admin_port}"

    def install(self, text: str) -> None:
        """Test it beside the one in use, then rename."""
        self.folder.mkdir(parents=True, exist_ok=True)
        candidate = self.folder / "nginx.new.conf"
        with candidate.open("w") as file:
            file.write(self._whole(text))
            file.flush()
            os.fsync(file.fileno())
        run(*self._command(candidate.name), "-t")
        candidate.replace(self.folder / "nginx.conf")

    def reload(self) -> None:
        """Send a running one the signal, or start one."""
        if master := self._master():
            os.kill(master, signal.SIGHUP)
            return
        ended = subprocess.run(  # noqa: S603 - the program of the configuration
            self._command("nginx.conf"),
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # a pipe would stay open as long as nginx runs
            stderr=subprocess.DEVNULL,
        )
        if ended.returncode:
            words = last((self.folder / "error.log").read_text(errors="replace"))
            raise StepFailed(f"nginx does not start: {words}")

    def ports(self) -> tuple[int, ...]:
        """One for users, one for us."""
        return self.settings.port, self.settings.admin_port

    def workers(self) -> set[int]:
        """Look at the children of its master."""
        master = self._master()
        children = Path(f"/proc/{master}/task/{master}/children")
        return set(map(int, children.read_text().split())) if master else set()

    def clear(self) -> None:
        """Leave it: without rollouts it serves nobody."""

    def _command(self, configuration: str) -> tuple[str, ...]:
        prefix = f"{self.folder}/"
        return self.program, "-p", prefix, "-e", "error.log", "-c", prefix + configuration

    def _master(self) -> int:
        path = self.folder / "nginx.pid"
        text = path.read_text().strip() if path.exists() else ""
        is_ours = text.isdigit() and f"{self.folder}/" in _title(int(text))
        return int(text) if is_ours else 0

    def _whole(self, text: str) -> str:
        group = grp.getgrgid(os.getgid()).gr_name
        paths = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        http = block(
            "http",
            "access_log off;",
            "server_tokens off;",
            f"client_max_body_size {self.settings.body_mebibytes}m;",
            *(f"{path}_temp_path {path};" for path in paths),
            keeping(self.version()),
            *WEBSOCKETS,
            text,
            block("server", f"listen {self.settings.port};", block("location /", *FORWARDING)),
        )
        lines = (
            "# Written by `python3 -m chassis.rollout`; changes are lost with the next rollout.",
            f"user {getpass.getuser()} {group};" if os.geteuid() == 0 else "",
            "worker_processes auto;",
            f"worker_shutdown_timeout {self.settings.leave_seconds:g}s;",
            "pid nginx.pid;",
            "error_log error.log;",
            block("events", "worker_connections 4096;"),
            http,
        )
        return "\n".join(lines) + "\n"


def _title(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
    except OSError:
        return ""
