"""Runs the proxy of the compose file, with its own configuration but for who gets the traffic."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.commands import run
from deploy.drivers.compose import Compose
from deploy.errors import StepFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.configuration import Configuration

INSIDE = 8082
"""Port in the container that the admin port of this host leads to."""
UPSTREAM = re.compile(r"^ *upstream app \{.*?\}\n", re.DOTALL | re.MULTILINE)


class ComposeNginx:
    """What proxy/nginx/ says is copied to our folder, which the container sees in its place."""

    resolves = True

    def __init__(self, configuration: Configuration) -> None:
        self.settings = configuration.docker
        self.admin_port = configuration.proxy.admin_port
        self.compose = Compose(configuration)
        directory = Path(configuration.directory)
        self.source = self.compose.files[0].parent / self.settings.proxy_folder
        self.folder = directory / "proxy"
        self.over = directory / "compose.yaml"

    def version(self) -> tuple[int, ...]:
        """Ask the program in the image."""
        said = self._compose("run", "--rm", "--no-deps", "--no-TTY", self.settings.proxy, "-v")
        found = re.search(r"nginx/([\d.]+)", said)
        return tuple(map(int, found[1].split("."))) if found else ()

    def admin_listen(self) -> str:
        """It listens within the container."""
        return str(INSIDE)

    def install(self, text: str) -> None:
        """Test it beside the one in use, then rename."""
        candidate = self.folder / "nginx.new.conf"
        self._lay_out()
        source = (self.source / "nginx.conf").read_text()
        whole, found = UPSTREAM.subn(lambda _: text, source)
        if found != 1:
            raise StepFailed(f"{self.source}/nginx.conf: there is no `upstream app` to replace.")
        candidate.write_text(whole)
        test = (self.settings.proxy, "-t", "-c", "/etc/nginx/nginx.new.conf")
        self._compose("run", "--rm", "--no-deps", "--no-TTY", *test)
        candidate.replace(self.folder / "nginx.conf")

    def reload(self) -> None:
        """Send a running one the signal, or start one."""
        container = self._container()
        if container:
            run("docker", "kill", "--signal", "HUP", container)
        else:
            self._compose("up", "--detach", "--no-deps", "--wait", self.settings.proxy)

    def workers(self) -> set[int]:
        """Look at the processes of its container."""
        container = self._container()
        lines = run("docker", "top", container, "-o", "pid,args").splitlines() if container else []
        return {int(line.split()[0]) for line in lines if "worker process" in line}

    def _compose(self, *arguments: str) -> str:
        self._lay_out()
        return self.compose(*arguments, over=self.over)

    def _container(self) -> str:
        said = self._compose("ps", "--quiet", "--status", "running", self.settings.proxy)
        return said.strip()

    def _lay_out(self) -> None:
        """Write our compose file; copy the proxy's configuration the first time."""
        if self.over.exists() and self.folder.exists():
            return
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.folder.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(self.source, fresh)
        for path in fresh.glob("*.conf"):
            path.write_text(path.read_text().replace("http://app;", "http://$app;"))
        fresh.rename(self.folder)
        proxy = {
            "volumes": list(self._moved()),
            "ports": [f"127.0.0.1:{self.admin_port}:{INSIDE}"],
        }
        self.over.write_text(json.dumps({"services": {self.settings.proxy: proxy}}))

    def _moved(self) -> Iterator[str]:
        """Give the volumes that show something of proxy/nginx/, with our copy in its place."""
        service = self.compose.configuration["services"][self.settings.proxy]
        for volume in service["volumes"]:
            source = Path(volume.get("source", ""))
            if source.is_relative_to(self.source):
                ours = self.folder / source.relative_to(self.source)
                yield f"{ours}:{volume['target']}:ro"
