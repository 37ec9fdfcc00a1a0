"""Runs instances as containers of a compose service."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from chassis.rollout.docker import engine
from chassis.rollout.docker.images import Images, read_revision
from chassis.rollout.docker.state import InstanceState, read_usage
from chassis.rollout.errors import RefusedError
from chassis.rollout.fleet import Instance, Release
from chassis.rollout.http_client import Response, get, get_text
from chassis.rollout.subprocesses import run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chassis.rollout.configuration import Configuration
    from chassis.rollout.docker.compose import Compose

MARGIN = 10
"""Seconds after drain and grace until the engine kills a container that should exit."""
ADOPTED = "up-"
"""Prefix of the names of instances that compose started, not a rollout."""
RESTART_POLICY = "unless-stopped"
CONFIGURATION = "chassis.rollout.configuration"
"""Label of a container: the configuration with which it was started."""


class Containers:
    """The instances. Every method is idempotent; one that fails raises StepError."""

    def __init__(self, configuration: Configuration, compose: Compose) -> None:
        self.settings = configuration.docker
        self.drain = configuration.drain_seconds
        self.grace = configuration.grace_seconds
        self.host = configuration.ready.host or "127.0.0.1"
        self.compose = compose
        self.images = Images(compose)

    def describe_engine(self) -> str:
        """Return the version of the engine, and the name of the compose project."""
        version = run("docker", "version", "--format", "{{.Server.Version}}", seconds=10)
        return f"Docker {version.strip()}, compose project {self.compose.project}"

    def migrate(self, release: Release) -> None:
        """Expand the schema, in a container of the release, with its dependencies running."""
        self.compose.start_dependencies()
        self.compose(
            "run", "--rm", "--no-deps", "--no-TTY", self.settings.service, *self.settings.migrate,
            image=self.images.tag(release.digest),
            seconds=None,
        )  # fmt: skip

    def start(self, instance: Instance) -> None:
        """Start the container of an instance, with its restart policy."""
        name = self.name_container(instance)
        found = engine.inspect("container", name)
        is_running = found is not None and found["State"]["Running"]
        if not is_running:
            self.compose.start_dependencies()
        if not found:
            self._create(instance, name)
        elif not is_running:
            run("docker", "start", name)
        # `compose run` sets no restart policy, and an earlier run may have been killed before this
        # line.
        if not found or found["HostConfig"]["RestartPolicy"]["Name"] != RESTART_POLICY:
            run("docker", "update", "--restart", RESTART_POLICY, name)

    def _create(self, instance: Instance, name: str) -> None:
        self.compose(
            "run",
            "--detach",
            "--no-deps",
            "--use-aliases",  # other containers find it by the name of the service
            *("--name", name),
            *("--label", f"{CONFIGURATION}={self._read_configuration(instance)}"),
            *("--publish", f"127.0.0.1::{self.settings.port}"),
            *("--publish", f"127.0.0.1::{self.settings.counts_port}"),
            *("--env", f"SERVER_DRAIN_SECONDS={self.drain:g}"),
            *("--env", f"SERVER_GRACE_SECONDS={self.grace:g}"),
            *("--env", f"SERVICE_REVISION={instance.release.revision}"),
            self.settings.service,
            image=self.images.tag(instance.release.digest),
        )

    def stop(self, instance: Instance) -> None:
        """Send SIGTERM, wait for drain and grace, then remove the container."""
        name = self.name_container(instance)
        if found := engine.inspect("container", name):
            own = found["Config"].get("StopTimeout") or 0  # a container that compose started
            timeout = max(int(self.drain + self.grace) + MARGIN, own)
            run("docker", "stop", "-t", str(timeout), name, seconds=timeout + MARGIN)
            run("docker", "rm", "--force", name)

    def inspect(self, instance: Instance) -> InstanceState:
        """Read whether it runs, its restarts, and the usage of its process."""
        found = self._inspect(instance)
        if not found or not found["State"]["Running"]:
            return InstanceState()
        seconds, memory = read_usage(Path(f"/proc/{found['State']['Pid']}"))
        return InstanceState(
            alive=True, restarts=found["RestartCount"], cpu_seconds=seconds, memory=memory
        )

    def read_log(self, instance: Instance, lines: int) -> str:
        """Read the last lines of its log."""
        name = self.name_container(instance)
        return run("docker", "logs", "--tail", f"{lines}", name, seconds=60)

    def get(self, instance: Instance, path: str, timeout: float = 2.0) -> Response:
        """Send a GET to the instance, past the proxy. Raises OSError."""
        address = engine.find_address(self._inspect(instance), self.settings.port)
        return get(address, path, timeout, self.host)

    def fetch_counts(self, instance: Instance, path: str) -> str:
        """Fetch its request counters. Raises OSError, also for anything but a 200."""
        address = engine.find_address(self._inspect(instance), self.settings.counts_port)
        return get_text(address, path, "127.0.0.1")

    def upstream(self, instance: Instance) -> str:
        """Return the address at which nginx reaches it, a name that Docker resolves."""
        return f"{self.name_container(instance)}:{self.settings.port}"

    def find_outdated(self, instances: Iterable[Instance]) -> list[str]:
        """Name the instances that were started with another configuration than there is now."""
        names = []
        for instance in instances:
            found = self._inspect(instance)
            started_with = found and found["Config"]["Labels"].get(CONFIGURATION)
            if started_with and started_with != self._read_configuration(instance):
                names.append(instance.name)
        return names

    def _read_configuration(self, instance: Instance) -> str:
        image = self.images.tag(instance.release.digest)
        own = f"{self.drain:g}-{self.grace:g}-{self.settings.port}-{self.settings.counts_port}"
        return f"{own}-{self.compose.hash_service(self.settings.service, image)}"

    def find_compose_instances(self) -> tuple[Instance, ...]:
        """Find running containers of the service that compose started, as `make up` does."""
        names = self.compose.find_running(self.settings.service)
        return tuple(self._describe(slot, name) for slot, name in enumerate(names))

    def _describe(self, slot: int, name: str) -> Instance:
        number = name.removeprefix(self._container_name(""))
        found = engine.inspect("container", name)
        image = found and engine.inspect("image", found["Image"])
        if not number.isdigit() or not found or not image:
            raise RefusedError(
                f"{name} was started by compose and cannot be taken over: it has a custom name, or "
                f"its image was removed.\nRun: docker rm --force {name}"
            )
        digest = str(image["Id"])
        repository = str(found["Config"]["Image"]).partition("@")[0]
        release = Release(repository, digest, read_revision(image, digest))
        return Instance(f"{ADOPTED}{number}", release, "green", slot)

    def name_container(self, instance: Instance) -> str:
        """Return the name by which Docker knows it."""
        return self._container_name(instance.name.removeprefix(ADOPTED))

    def _inspect(self, instance: Instance) -> dict[str, Any] | None:
        return engine.inspect("container", self.name_container(instance))

    def _container_name(self, name: str) -> str:
        return f"{self.compose.project}-{self.settings.service}-{name}"
