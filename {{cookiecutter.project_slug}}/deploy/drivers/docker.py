"""Runs instances as containers, each made of a service of the compose file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deploy.commands import last, run
from deploy.drivers import Vitals
from deploy.drivers.compose import Compose
from deploy.drivers.usage import usage
from deploy.errors import StepFailed
from deploy.fleet import Release
from deploy.probe import Address, Answer, ask

if TYPE_CHECKING:
    from collections.abc import Collection

    from deploy.configuration import Configuration
    from deploy.fleet import Instance

SLACK = 10
"""Seconds beyond drain and grace until the engine kills a container that should end."""


class Containers:
    """An image is kept under a tag of ours for as long as the history may lead back to it."""

    def __init__(self, configuration: Configuration) -> None:
        self.settings = configuration.docker
        self.drain = configuration.drain_seconds
        self.grace = configuration.grace_seconds
        self.host = configuration.ready.host
        self.compose = Compose(configuration)

    def engine(self) -> str:
        """Ask the engine."""
        version = run("docker", "version", "--format", "{{.Server.Version}}", seconds=10)
        return f"Docker {version.strip()}, compose project {self.compose.project}"

    def migrates(self) -> bool:
        """Tell whether docker.migrate is set."""
        return bool(self.settings.migrate)

    def pull(self, image: str) -> Release:
        """Fetch it from its registry; an image that was built here is taken as it is."""
        name, _, digest = image.partition("@")
        found = _inspected(self._kept(digest)) if digest else None
        if not found:
            complaint = _pulled(image)
            found = _inspected(image)
            if not found:
                raise StepFailed(f"{image} is neither in its registry nor here: {complaint}")
        digests = [it for it in found["RepoDigests"] if it.startswith(f"{_repository(name)}@")]
        known = digest or (digests[0].partition("@")[2] if digests else str(found["Id"]))
        run("docker", "tag", str(found["Id"]), self._kept(known))
        labels = found["Config"].get("Labels") or {}
        revision = labels.get("org.opencontainers.image.revision") or known[7:19]
        return Release(name, known, str(revision))

    def verify(self, release: Release) -> None:
        """See that the tag still leads to the digest."""
        found = _inspected(self._kept(release.digest))
        names = [] if found is None else [found["Id"], *found["RepoDigests"]]
        if not any(str(name).endswith(release.digest) for name in names):
            raise StepFailed(f"{self._kept(release.digest)} is not {release.digest} any more.")

    def forget(self, kept: Collection[str]) -> None:
        """Take our tag away; the engine removes what has no other, unless a container needs it."""
        needed = {self._kept(digest) for digest in kept}
        repository = f"{self.compose.project}-release"
        form = ("--format", "{{.Repository}}:{{.Tag}}")
        tags = set(run("docker", "image", "ls", *form, repository).split())
        if tags - needed:
            run("docker", "image", "rm", *sorted(tags - needed))

    def migrate(self, release: Release) -> None:
        """Run the command in a container of the release, with what it depends on up."""
        self.compose.up_dependencies()
        self.compose(
            "run", "--rm", "--no-deps", "--no-TTY", self.settings.service, *self.settings.migrate,
            image=self._kept(release.digest),
            seconds=None,
        )  # fmt: skip

    def start(self, instance: Instance) -> None:
        """Have a container of that name run, restarted by the engine as the compose file says."""
        name = self._name(instance)
        found = _container(name)
        if found and found["State"]["Running"]:
            return
        self.compose.up_dependencies()
        if found:
            run("docker", "start", name)
            return
        self.compose(
            "run",
            "--detach",
            "--no-deps",
            "--use-aliases",  # they are looked for by the name of the service
            "--name",
            name,
            *("--publish", f"127.0.0.1::{self.settings.port}"),
            *("--publish", f"127.0.0.1::{self.settings.counts_port}"),
            *("--env", f"SERVER_DRAIN_SECONDS={self.drain:g}"),
            *("--env", f"SERVER_GRACE_SECONDS={self.grace:g}"),
            *("--env", f"SERVICE_REVISION={instance.release.revision}"),
            self.settings.service,
            image=self._kept(instance.release.digest),
        )
        run("docker", "update", "--restart", "unless-stopped", name)

    def stop(self, instance: Instance) -> None:
        """Stop and remove the container."""
        name = self._name(instance)
        if _container(name):
            patience = int(self.drain + self.grace) + SLACK
            run("docker", "stop", "-t", str(patience), name, seconds=patience + SLACK)
            run("docker", "rm", "--force", name)

    def vitals(self, instance: Instance) -> Vitals:
        """Ask the engine whether it runs, and the system what its process uses."""
        found = _container(self._name(instance))
        if not found or not found["State"]["Running"]:
            return Vitals()
        seconds, memory = usage(Path(f"/proc/{found['State']['Pid']}"))
        return Vitals(
            alive=True, restarts=found["RestartCount"], cpu_seconds=seconds, memory=memory
        )

    def last_words(self, instance: Instance) -> str:
        """Read the end of its log."""
        return last(run("docker", "logs", "--tail", "5", self._name(instance)))

    def ask(self, instance: Instance, path: str, timeout: float = 2.0) -> Answer:
        """Ask on the port of this host that leads to it."""
        return ask(self._published(instance, self.settings.port), path, timeout, self.host)

    def counts(self, instance: Instance, path: str) -> str:
        """Ask on the other one."""
        return ask(self._published(instance, self.settings.counts_port), path).body

    def upstream(self, instance: Instance) -> str:
        """Name it as Docker's resolver knows it."""
        return f"{self._name(instance)}:{self.settings.port}"

    def _name(self, instance: Instance) -> str:
        return f"{self.compose.project}-{self.settings.service}-{instance.name}"

    def _kept(self, digest: str) -> str:
        return f"{self.compose.project}-release:{digest.removeprefix('sha256:')[:12]}"

    def _published(self, instance: Instance, port: int) -> Address:
        found = _container(self._name(instance))
        ports = found["NetworkSettings"]["Ports"].get(f"{port}/tcp") if found else None
        if not ports:
            raise ConnectionRefusedError(f"{instance.name} is not running")
        return Address(ports[0]["HostIp"], int(ports[0]["HostPort"]))


def _container(name: str) -> dict[str, Any] | None:
    return _first("docker", "container", "inspect", name)


def _inspected(image: str) -> dict[str, Any] | None:
    return _first("docker", "image", "inspect", image)


def _first(*command: str) -> dict[str, Any] | None:
    try:
        found = json.loads(run(*command, seconds=30))
    except StepFailed as error:
        if "No such" in str(error):
            return None
        raise
    return dict(found[0])


def _pulled(image: str) -> str:
    try:
        run("docker", "pull", "--quiet", image, seconds=None)
    except StepFailed as error:
        return str(error)
    return ""


def _repository(name: str) -> str:
    path, colon, tag = name.rpartition(":")
    return path if colon and "/" not in tag else name
