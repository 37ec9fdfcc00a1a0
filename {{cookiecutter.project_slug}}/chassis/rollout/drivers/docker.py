"""Runs instances as containers, each made of a service of the compose file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from chassis.rollout.commands import last, run
from chassis.rollout.drivers import Vitals, engine
from chassis.rollout.drivers.compose import Compose
from chassis.rollout.drivers.usage import usage
from chassis.rollout.errors import Refused, StepFailed
from chassis.rollout.fleet import Instance, Release
from chassis.rollout.probe import Answer, ask, fetch

if TYPE_CHECKING:
    from collections.abc import Collection

    from chassis.rollout.configuration import Configuration

SLACK = 10
"""Seconds beyond drain and grace until the engine kills a container that should end."""
ADOPTED = "up-"
"""Begins the name of an instance that compose started, and no rollout."""
RESTART = "unless-stopped"


class Containers:
    """An image is kept under a tag of ours for as long as the history may lead back to it."""

    def __init__(self, configuration: Configuration) -> None:
        self.settings = configuration.docker
        self.drain = configuration.drain_seconds
        self.grace = configuration.grace_seconds
        self.host = configuration.ready.host or "127.0.0.1"
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
        found = digest and (engine.image(self._kept(digest)) or engine.image(digest))
        if not found:
            complaint = _pulled(image)
            found = engine.image(image)
            if not found:
                raise StepFailed(f"{image} is neither in its registry nor here: {complaint}")
        digests = [it for it in found["RepoDigests"] if it.startswith(f"{_repository(name)}@")]
        known = digest or (digests[0].partition("@")[2] if digests else str(found["Id"]))
        run("docker", "tag", str(found["Id"]), self._kept(known))
        return Release(name, known, _revision(found, known))

    def verify(self, release: Release) -> None:
        """See that the tag still leads to the digest."""
        found = engine.image(self._kept(release.digest))
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
        found = engine.container(name)
        is_running = found is not None and found["State"]["Running"]
        if not is_running:
            self.compose.up_dependencies()
        if not found:
            self._create(instance, name)
        elif not is_running:
            run("docker", "start", name)
        # Compose gives a container that it was told to run no policy, and whoever was killed after
        # that has not given it one either.
        if not found or found["HostConfig"]["RestartPolicy"]["Name"] != RESTART:
            run("docker", "update", "--restart", RESTART, name)

    def _create(self, instance: Instance, name: str) -> None:
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

    def stop(self, instance: Instance) -> None:
        """Stop and remove the container."""
        name = self._name(instance)
        if found := engine.container(name):
            own = found["Config"].get("StopTimeout") or 0  # what compose gives one that it starts
            patience = max(int(self.drain + self.grace) + SLACK, own)
            run("docker", "stop", "-t", str(patience), name, seconds=patience + SLACK)
            run("docker", "rm", "--force", name)

    def vitals(self, instance: Instance) -> Vitals:
        """Ask the engine whether it runs, and the system what its process uses."""
        found = engine.container(self._name(instance))
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
        address = engine.address(engine.container(self._name(instance)), self.settings.port)
        return ask(address, path, timeout, self.host)

    def counts(self, instance: Instance, path: str) -> str:
        """Ask on the other one."""
        found = engine.container(self._name(instance))
        return fetch(engine.address(found, self.settings.counts_port), path, "127.0.0.1")

    def upstream(self, instance: Instance) -> str:
        """Name it as Docker's resolver knows it."""
        return f"{self._name(instance)}:{self.settings.port}"

    def adoptable(self) -> tuple[Instance, ...]:
        """Look for containers of the service that compose keeps: `make up` starts such."""
        names = self.compose.running(self.settings.service)
        return tuple(self._adopted(slot, name) for slot, name in enumerate(names))

    def _adopted(self, slot: int, name: str) -> Instance:
        number = name.removeprefix(self._name_of(""))
        found = engine.container(name)
        known = found and engine.image(found["Image"])
        if not number.isdigit() or not found or not known:
            raise Refused(
                f"{name} was started by compose and cannot be taken over, for it has a name of its "
                f"own or its image is gone. Run: docker rm --force {name}"
            )
        digest = str(known["Id"])
        image = str(found["Config"]["Image"]).partition("@")[0]
        release = Release(image, digest, _revision(known, digest))
        return Instance(f"{ADOPTED}{number}", release, "green", slot)

    def _name(self, instance: Instance) -> str:
        return self._name_of(instance.name.removeprefix(ADOPTED))

    def _name_of(self, name: str) -> str:
        return f"{self.compose.project}-{self.settings.service}-{name}"

    def _kept(self, digest: str) -> str:
        return f"{self.compose.project}-release:{digest.removeprefix('sha256:')[:12]}"


def _revision(image: dict[str, Any], digest: str) -> str:
    labels = image["Config"].get("Labels") or {}
    return str(labels.get("org.opencontainers.image.revision") or digest[7:19])


def _pulled(image: str) -> str:
    try:
        run("docker", "pull", "--quiet", image, seconds=None)
    except StepFailed as error:
        return str(error)
    return ""


def _repository(name: str) -> str:
    path, colon, tag = name.rpartition(":")
    return path if colon and "/" not in tag else name
