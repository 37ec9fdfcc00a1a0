"""A simulated host: it outlives the tool, which can be killed before and after every effect."""

from __future__ import annotations

import io
import os
import shutil
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from chassis.rollout import operations
from chassis.rollout.configuration import Configuration, Docker, Gates, Readiness, Stage
from chassis.rollout.docker.state import InstanceState
from chassis.rollout.errors import StepError
from chassis.rollout.fleet import Fleet, Instance, Release, Traffic
from chassis.rollout.host import Host
from chassis.rollout.http_client import Response
from chassis.rollout.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from chassis.rollout.events import Ended

COUNTS = """\
http_requests_total{method="GET",route="/greetings/{name}",status="200"} %d
http_request_duration_seconds_bucket{method="GET",route="/greetings/{name}",le="0.1"} %d
http_request_duration_seconds_bucket{method="GET",route="/greetings/{name}",le="+Inf"} %d
"""


class Killed(BaseException):
    """SIGKILL: nothing that follows happens."""


class Disk:
    """The module `os` as journals use it: on a simulated disk a write can fail or be killed."""

    simulated: Any = None

    def __getattr__(self, name: str) -> Any:
        is_simulated = self.simulated and name in {"write", "fsync"}
        return getattr(self.simulated if is_simulated else os, name)


DISK = Disk()


@dataclass
class World:
    """What runs, which traffic nginx has, and when the tool is killed."""

    folder: Path
    replicas: int = 2
    running: dict[str, Instance] = field(default_factory=dict)
    serving: Fleet = field(default_factory=Fleet)
    stopping: set[str] = field(default_factory=set)
    """Names of instances that have received SIGTERM, and serve nothing else."""
    remaining: float = float("inf")
    """Moments until the tool is killed; there is one before and one after each effect."""
    done: list[str] = field(default_factory=list)
    requests: int = 0
    rate: int = 100
    """Requests from one scrape to the next."""
    disk_is_full: bool = False
    compose_instances: tuple[Instance, ...] = ()
    """Instances that compose has started."""
    cleared: bool = False
    """Whether nginx sends requests to the containers of compose."""
    is_configured_anew: bool = False
    """Whether the files were changed since everything was started."""
    logs: dict[str, str] = field(default_factory=dict)
    """What the instances of a revision have logged."""
    port: int = 0
    """Port of users at nginx."""
    kept: set[str] = field(default_factory=set)
    """Digests of the releases whose images were not removed."""
    settings = Docker()  # if jobs

    def moment(self) -> None:
        self.remaining -= 1
        if self.remaining < 0:
            raise Killed

    def effect(self, what: str, change: Callable[[], Any]) -> None:
        """Change the world; an instance must serve users all the while."""
        self.moment()
        change()
        self.done.append(what)
        traffic = self.serving.traffic
        served = (*traffic.stable, *traffic.canary, *traffic.standby)
        assert all(name in self.running for name in served), f"{what}: {served} do not all run"
        self.moment()

    def copy(self, folder: Path) -> World:
        shutil.copytree(self.folder, folder)
        return replace(self, folder=folder, running=dict(self.running), stopping=set(), done=[])

    def reboot(self) -> None:
        self.running.clear()
        self.stopping.clear()
        self.serving = Fleet()

    # images and containers

    @property
    def images(self) -> World:
        return self

    def tag(self, digest: str) -> str:
        return digest.removeprefix("sha256:")

    def pull(self, image: str) -> Release:
        name = image.partition("@")[0]
        if name == "missing":
            raise StepError("missing is neither in its registry nor on this host")
        return Release(name, f"sha256:{name}", name)

    def verify(self, release: Release) -> None:
        assert release.digest == f"sha256:{release.image}"

    def remove_unreferenced(self, referenced: Collection[str]) -> None:
        self.effect("clean up", lambda: setattr(self, "kept", set(referenced)))

    def migrate(self, release: Release) -> None:
        self.effect(f"migrate {release.revision}", lambda: None)

    def start(self, instance: Instance) -> None:
        if instance.release.revision != "crashes":
            add = {instance.name: instance}
            self.effect(f"start {instance.name}", lambda: self.running.update(add))

    def stop(self, instance: Instance) -> None:
        self.effect(f"terminate {instance.name}", lambda: self.stopping.add(instance.name))
        self.effect(f"stop {instance.name}", lambda: self.running.pop(instance.name, None))
        self.stopping.discard(instance.name)

    def inspect(self, instance: Instance) -> InstanceState:
        return InstanceState(alive=instance.name in self.running)

    def read_log(self, instance: Instance, _: int) -> str:
        return self.logs.get(instance.release.revision, "")

    def get(self, instance: Instance, path: str, timeout: float = 2.0) -> Response:  # noqa: ARG002
        if instance.name not in self.running:
            raise ConnectionRefusedError("connection refused")
        revision = instance.release.revision
        bad = revision == "unready" or (revision == "fails" and path == "/greetings/ada")
        status = 500 if bad or instance.name in self.stopping else 200
        return Response(status, f'{{"revision":"{revision}"}}', 9.0 if revision == "slow" else 0.0)

    def fetch_counts(self, instance: Instance, _: str) -> str:
        self.requests += self.rate
        text = COUNTS % ((self.requests,) * 3)
        return text.replace('"200"', '"500"') if instance.release.revision == "raises" else text

    def find_compose_instances(self) -> tuple[Instance, ...]:
        return tuple(it for it in self.compose_instances if it.name in self.running)

    def name_container(self, instance: Instance) -> str:
        return f"shop-{instance.name}"

    def upstream(self, instance: Instance) -> str:
        return instance.name

    def find_outdated(self, instances: Sequence[Instance]) -> list[str]:
        return [it.name for it in instances if self.is_configured_anew]

    def describe_engine(self) -> str:
        return "simulated"

    # nginx

    def check(self) -> None:
        pass

    def clear_traffic(self) -> None:
        self.effect("clear traffic", lambda: setattr(self, "cleared", True))

    def worker_pids(self) -> set[int]:
        return set()

    def is_outdated(self) -> bool:
        return self.is_configured_anew

    def listens_on(self, port: int) -> bool:
        return port == self.port

    def shift(self, fleet: Fleet) -> None:
        self.cleared = False
        self.effect("shift", lambda: setattr(self, "serving", fleet))

    def has_applied(self, fleet: Fleet) -> bool:
        return self.serving == fleet and not self.cleared

    # the disk

    def write(self, descriptor: int, data: bytes | memoryview[int]) -> int:
        self.moment()
        if self.disk_is_full:
            os.write(descriptor, data[: len(data) // 2])
            raise OSError(28, "No space left on device")
        if self.remaining < 1:  # killed during the write
            os.write(descriptor, data[: len(data) // 2])
        self.moment()
        return os.write(descriptor, data)

    def fsync(self, _: int) -> None:
        self.moment()

    # the operator

    def host(self) -> Host:
        configuration = Configuration(
            replicas=self.replicas,
            directory=str(self.folder),
            rolling_seconds=0,
            blue_green_seconds=0,
            canary=(Stage(10, 0), Stage(60, 0)),
            ready=Readiness(interval_seconds=0, timeout_seconds=0, smoke=("/greetings/ada",)),
            gates=Gates(counts="/counts", interval_seconds=0, minimum_requests=1),
            docker=Docker(migrate=("migrate",)),
        )
        progress = Progress(io.StringIO())
        world: Any = self
        DISK.simulated = self
        return Host(configuration, world, world, world, progress)

    def roll_out(self, strategy: Any, image: str) -> Ended:
        code = operations.roll_out(self.host(), strategy, image, "test")
        latest = self.host().history.latest()
        assert latest
        assert latest.ended
        assert code == (latest.ended.result == "rolled back")
        return latest.ended

    def settled(self) -> Sequence[str]:
        """Check that processes, traffic and journal agree; return the revisions."""
        fleet = self.host().history.expected_fleet()
        names = tuple(instance.name for instance in fleet.instances)
        assert set(self.running) == set(names)
        assert self.serving.traffic == fleet.traffic == Traffic(stable=fleet.traffic.stable)
        assert set(fleet.traffic.stable) == set(names)
        assert len({instance.colour for instance in fleet.instances}) == 1
        return sorted({instance.release.revision for instance in fleet.instances})
