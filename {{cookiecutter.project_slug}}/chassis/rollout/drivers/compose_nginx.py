"""Steers the proxy of the compose file, whoever has started it, by files that it includes."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chassis.rollout.commands import run
from chassis.rollout.drivers import engine
from chassis.rollout.drivers.compose import Compose
from chassis.rollout.errors import Refused, StepFailed

if TYPE_CHECKING:
    from chassis.rollout.configuration import Configuration
    from chassis.rollout.probe import Address

INSIDE = 8082
"""Port in the container where nginx tells what it works by; compose publishes it anywhere."""
USERS = 8080
TARGET = "/run/traffic"
"""Folder in the container whose files nginx.conf includes."""
TRAFFIC = "traffic.conf"
"""Who gets the traffic, and `$rollout_app` that chooses."""
CHOICE = "app.map"
"""Makes `$app`, which requests are passed on to, what `$rollout_app` is."""


class ComposeNginx:
    """`make up` and rollouts run the same container; only who gets its traffic changes."""

    resolves = True

    def __init__(self, configuration: Configuration) -> None:
        self.settings = configuration.docker
        self.port = configuration.proxy.port
        self.compose = Compose(configuration)

    def check(self) -> None:
        """Raise Refused if it was started with another compose file or port than a rollout has."""
        found = self._running()
        if not found:
            return
        mounted = {it["Destination"]: it.get("Source") for it in found["Mounts"]}
        ports = found["NetworkSettings"]["Ports"]
        if mounted.get(TARGET) != str(self._folder()) or not ports.get(f"{INSIDE}/tcp"):
            raise Refused(
                f"{found['Name'][1:]} was started by another version of proxy/compose.yaml, and "
                "cannot be told who gets the traffic. Start it anew, which takes a second in which "
                f"nobody is served: HTTP_PORT={self.port} docker compose {self.compose.named}up "
                f"--detach --no-deps --wait {self.settings.proxy}"
            )
        published = [int(it["HostPort"]) for it in ports.get(f"{USERS}/tcp") or ()]
        if published and self.port not in published:
            raise Refused(
                f"{found['Name'][1:]} serves on port {published[0]}, and [proxy] says "
                f"port = {self.port}. Write into deploy/rollout.toml: port = {published[0]}"
            )

    def version(self) -> tuple[int, ...]:
        """Ask the program, in its container or else in one that lasts no longer."""
        if found := self._running():
            said = run("docker", "exec", str(found["Id"]), "nginx", "-v", seconds=30)
        else:
            image = str(self.compose.configuration["services"][self.settings.proxy]["image"])
            alone = ("--rm", "--pull", "never", "--network", "none", "--entrypoint", "nginx")
            said = run("docker", "run", *alone, image, "-v", seconds=60)
        version = re.search(r"nginx/([\d.]+)", said)
        return tuple(map(int, version[1].split("."))) if version else ()

    def admin(self) -> Address:
        """Look up where its port is published, which changes when it is started again."""
        return engine.address(self._running(), INSIDE)

    def admin_listen(self) -> str:
        """It listens within the container."""
        return str(INSIDE)

    def install(self, text: str) -> None:
        """Test it beside the one in use, then rename."""
        folder = self._folder()
        candidate = folder / "new"
        shutil.rmtree(candidate, ignore_errors=True)
        candidate.mkdir(parents=True)
        candidate.chmod(0o755)
        _write(candidate / TRAFFIC, text)
        _write(candidate / CHOICE, '"" $rollout_app;')
        instead = ("--volume", f"{candidate}:{TARGET}:ro")
        once = ("run", "--rm", "--no-deps", "--no-TTY", *instead, self.settings.proxy, "-t")
        self.compose(*once)
        # In this order: nginx may start between the two, and the second says what the first means.
        for name in (TRAFFIC, CHOICE):
            candidate.joinpath(name).replace(folder / name)
        candidate.rmdir()

    def reload(self) -> None:
        """Send a running one the signal, or start one."""
        if found := self._running():
            run("docker", "kill", "--signal", "HUP", str(found["Id"]))
        else:
            self.compose("up", "--detach", "--no-deps", "--wait", self.settings.proxy)

    def ports(self) -> tuple[int, ...]:
        """One for users; the other may be any."""
        return (self.port,)

    def workers(self) -> set[int]:
        """Look at the processes of its container."""
        found = self._running()
        top = ("docker", "top", str(found["Id"]), "-o", "pid,args") if found else ()
        lines = run(*top).splitlines() if top else []
        return {int(line.split()[0]) for line in lines if "worker process" in line}

    def clear(self) -> None:
        """Take the files away, so that nginx passes requests on to whom compose runs."""
        folder = self._folder()
        for name in (CHOICE, TRAFFIC):
            folder.joinpath(name).unlink(missing_ok=True)
        with suppress(StepFailed):
            if found := self._running():
                run("docker", "kill", "--signal", "HUP", str(found["Id"]))

    def _running(self) -> dict[str, Any] | None:
        names = self.compose.running(self.settings.proxy)
        return engine.container(names[0]) if names else None

    def _folder(self) -> Path:
        service = self.compose.configuration["services"][self.settings.proxy]
        for volume in service.get("volumes") or ():
            if volume.get("target") == TARGET and volume.get("source"):
                return Path(volume["source"])
        raise Refused(
            f"The compose service {self.settings.proxy} has no volume at {TARGET}, where it is "
            "told who gets the traffic. Take it over from the template's proxy/compose.yaml."
        )


def _write(path: Path, text: str) -> None:
    """Write what every user may read, also nginx in its container; it is on disk then."""
    with path.open("w") as file:
        file.write(f"{text}\n")
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o644)
