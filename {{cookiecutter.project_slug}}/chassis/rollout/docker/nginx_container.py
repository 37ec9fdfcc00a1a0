"""Configures the proxy of the compose project through the files that its nginx.conf includes."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chassis.rollout.docker import engine
from chassis.rollout.errors import RefusedError, StepError
from chassis.rollout.nginx import ADMIN_PORT
from chassis.rollout.subprocesses import run

if TYPE_CHECKING:
    from chassis.rollout.configuration import Configuration
    from chassis.rollout.docker.compose import Compose
    from chassis.rollout.http_client import Address

HTTP_PORT = 8080
"""Port of users in the container."""
TARGET = "/run/traffic"
"""Folder in the container whose files nginx.conf includes."""
TRAFFIC = "traffic.conf"
"""The upstreams, and `$rollout_app` that chooses between them."""
MAP = "app.map"
"""Sets `$app`, the upstream of every request, to `$rollout_app`."""


class NginxContainer:
    """`make up` and rollouts use the same container; a rollout changes only its upstreams."""

    def __init__(self, configuration: Configuration, compose: Compose) -> None:
        self.settings = configuration.docker
        self.port = configuration.proxy.port
        self.compose = compose

    def check(self) -> None:
        """Raise RefusedError if its compose file, port or project is not the one for rollouts."""
        found = self._inspect()
        if not found:
            if other := self.compose.find_other_project(self.settings.proxy):
                raise RefusedError(
                    f"The proxy of this folder runs in the compose project {other}, not in "
                    f"{self.compose.project}.\nRun: echo COMPOSE_PROJECT_NAME={other} >> .env"
                )
            return
        mounted = {it["Destination"]: it.get("Source") for it in found["Mounts"]}
        ports = found["NetworkSettings"]["Ports"]
        if mounted.get(TARGET) != str(self._folder()) or not ports.get(f"{ADMIN_PORT}/tcp"):
            raise RefusedError(
                f"{found['Name'][1:]} was started from another version of proxy/compose.yaml, so "
                "rollouts cannot change its upstreams. Recreating it drops requests for a second.\n"
                f"Run: HTTP_PORT={self.port} docker compose {self.compose.file_options}up "
                f"--detach --no-deps --wait {self.settings.proxy}"
            )
        published = [int(it["HostPort"]) for it in ports.get(f"{HTTP_PORT}/tcp") or ()]
        if published and self.port not in published:
            raise RefusedError(
                f"{found['Name'][1:]} listens on port {published[0]}, but [proxy] in "
                f"deploy/rollout.toml has port = {self.port}.\nChange it to: port = {published[0]}"
            )

    def is_outdated(self) -> bool:
        """Whether its container was started with another configuration than compose has now."""
        found = self._inspect()
        label = "com.docker.compose.config-hash"
        now = self.compose.hash_service(self.settings.proxy)
        return found is not None and found["Config"]["Labels"][label] != now

    def listens_on(self, port: int) -> bool:
        """Whether users reach it on this port of the host."""
        found = self._inspect()
        ports = found["NetworkSettings"]["Ports"].get(f"{HTTP_PORT}/tcp") if found else None
        return any(int(it["HostPort"]) == port for it in ports or ())

    def admin_address(self) -> Address:
        """Look up the published address of its admin port. Raises OSError if it does not run."""
        return engine.find_address(self._inspect(), ADMIN_PORT)

    def install(self, text: str) -> None:
        """Let nginx test new files in a separate container, then rename them into place."""
        folder = self._folder()
        candidate = folder / "new"
        shutil.rmtree(candidate, ignore_errors=True)
        candidate.mkdir(parents=True)
        for opened in (folder, candidate):
            opened.chmod(0o755)
        _write(candidate / TRAFFIC, text)
        _write(candidate / MAP, '"" $rollout_app;')
        instead = ("--volume", f"{candidate}:{TARGET}:ro")
        once = ("run", "--rm", "--no-deps", "--no-TTY", *instead, self.settings.proxy, "-t")
        self.compose(*once)
        # In this order, because nginx may start in between, and the second file refers to the
        # first.
        for name in (TRAFFIC, MAP):
            candidate.joinpath(name).replace(folder / name)
        candidate.rmdir()

    def reload(self) -> None:
        """Reload a running nginx, or start one."""
        if found := self._inspect():
            run("docker", "kill", "--signal", "HUP", str(found["Id"]))
        else:
            self.compose("up", "--detach", "--no-deps", "--wait", self.settings.proxy)

    def worker_pids(self) -> set[int]:
        """List its workers, including those that only finish requests in flight."""
        found = self._inspect()
        top = ("docker", "top", str(found["Id"]), "-o", "pid,args") if found else ()
        lines = run(*top).splitlines() if top else []
        return {int(line.split()[0]) for line in lines if "worker process" in line}

    def clear_traffic(self) -> None:
        """Remove the files, so that nginx sends requests to the containers of compose."""
        folder = self._folder()
        for name in (MAP, TRAFFIC):
            folder.joinpath(name).unlink(missing_ok=True)
        with suppress(StepError):
            if found := self._inspect():
                run("docker", "kill", "--signal", "HUP", str(found["Id"]))

    def _inspect(self) -> dict[str, Any] | None:
        names = self.compose.find_running(self.settings.proxy)
        return engine.inspect("container", names[0]) if names else None

    def _folder(self) -> Path:
        service = self.compose.configuration["services"][self.settings.proxy]
        for volume in service.get("volumes") or ():
            if volume.get("target") == TARGET and volume.get("source"):
                return Path(volume["source"])
        raise RefusedError(
            f"The compose service {self.settings.proxy} has no volume at {TARGET}, so rollouts "
            "cannot change its upstreams. Copy the volume from the template's proxy/compose.yaml."
        )


def _write(path: Path, text: str) -> None:
    """Write and sync a file that nginx in its container may read."""
    with path.open("w") as file:
        file.write(f"{text}\n")
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o644)
