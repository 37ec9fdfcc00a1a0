"""A host that is made up: it outlives the tool, which can be killed before and after everything."""

from __future__ import annotations

import io
import os
import shutil
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from chassis.rollout import operations
from chassis.rollout.configuration import Configuration, Gates, Readiness, Stage
from chassis.rollout.drivers import Vitals
from chassis.rollout.fleet import Fleet, Instance, Release, Traffic
from chassis.rollout.host import Host
from chassis.rollout.probe import Answer
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
    """What SIGKILL does: nothing that follows happens."""


@dataclass
class World:
    """What runs, who is served, and how long the tool has to live."""

    folder: Path
    replicas: int = 2
    running: dict[str, Instance] = field(default_factory=dict)
    serving: Fleet = field(default_factory=Fleet)
    leaving: set[str] = field(default_factory=set)
    """Who has been asked to end, and will not do anything else."""
    fuse: float = float("inf")
    """Moments until the tool is killed; there is one before and one after everything it does."""
    done: list[str] = field(default_factory=list)
    requests: int = 0
    rate: int = 100
    """Requests from one look at the counts to the next."""
    full: bool = False
    """Whether the disk is."""
    found: tuple[Instance, ...] = ()
    """Instances that compose has started."""
    cleared: bool = False
    """Whether the proxy was left to compose."""
    mute: set[str] = field(default_factory=set)
    """Names of instances that do not tell what they have counted."""
    kept: set[str] = field(default_factory=set)
    """Digests of the releases that were not let go of."""

    def moment(self) -> None:
        self.fuse -= 1
        if self.fuse < 0:
            raise Killed

    def effect(self, what: str, change: Callable[[], Any]) -> None:
        """Change the world; users must be served all the while."""
        self.moment()
        change()
        self.done.append(what)
        traffic = self.serving.traffic
        served = (*traffic.stable, *traffic.canary, *traffic.standby)
        assert all(name in self.running for name in served), f"{what}: nobody serves {served}"
        self.moment()

    def copy(self, folder: Path) -> World:
        shutil.copytree(self.folder, folder)
        return replace(self, folder=folder, running=dict(self.running), leaving=set(), done=[])

    def reboot(self) -> None:
        self.running.clear()
        self.leaving.clear()
        self.serving = Fleet()

    # what a driver does

    def engine(self) -> str:
        return "made up"

    def migrates(self) -> bool:
        return True

    def pull(self, image: str) -> Release:
        name = image.partition("@")[0]
        return Release(name, f"sha256:{name}", name)

    def verify(self, release: Release) -> None:
        assert release.digest == f"sha256:{release.image}"

    def forget(self, kept: Collection[str]) -> None:
        self.effect("forget", lambda: setattr(self, "kept", set(kept)))

    def migrate(self, release: Release) -> None:
        self.effect(f"migrate {release.revision}", lambda: None)

    def start(self, instance: Instance) -> None:
        if instance.release.revision != "crashes":
            add = {instance.name: instance}
            self.effect(f"start {instance.name}", lambda: self.running.update(add))

    def stop(self, instance: Instance) -> None:
        self.effect(f"ask {instance.name} to end", lambda: self.leaving.add(instance.name))
        self.effect(f"stop {instance.name}", lambda: self.running.pop(instance.name, None))
        self.leaving.discard(instance.name)

    def vitals(self, instance: Instance) -> Vitals:
        return Vitals(alive=instance.name in self.running)

    def last_words(self, _: Instance) -> str:
        return "argh"

    def ask(self, instance: Instance, path: str, timeout: float = 2.0) -> Answer:  # noqa: ARG002
        if instance.name not in self.running:
            raise ConnectionRefusedError("nobody listens")
        revision = instance.release.revision
        bad = revision == "unready" or (revision == "fails" and path == "/greetings/ada")
        status = 500 if bad or instance.name in self.leaving else 200
        return Answer(status, f'{{"revision":"{revision}"}}', 9.0 if revision == "slow" else 0.0)

    def counts(self, instance: Instance, path: str) -> str:
        if instance.name in self.mute:
            raise OSError(f"{path} answers 503")
        self.requests += self.rate
        return COUNTS % ((self.requests,) * 3)

    def adoptable(self) -> tuple[Instance, ...]:
        return tuple(it for it in self.found if it.name in self.running)

    def upstream(self, instance: Instance) -> str:
        return instance.name

    # what the proxy does

    def check(self) -> None:
        pass

    def clear(self) -> None:
        self.effect("clear", lambda: setattr(self, "cleared", True))

    def shift(self, fleet: Fleet) -> None:
        self.cleared = False
        self.effect("shift", lambda: setattr(self, "serving", fleet))

    def works_by(self, fleet: Fleet) -> bool:
        return self.serving == fleet and not self.cleared

    # what the disk does

    def write(self, descriptor: int, data: bytes | memoryview[int]) -> int:
        self.moment()
        if self.full:
            os.write(descriptor, data[: len(data) // 2])
            raise OSError(28, "No space left on device")
        if self.fuse < 1:  # killed in the midst of it
            os.write(descriptor, data[: len(data) // 2])
        self.moment()
        return os.write(descriptor, data)

    def fsync(self, _: int) -> None:
        self.moment()

    # what the operator does

    def host(self) -> Host:
        configuration = Configuration(
            driver="process",
            replicas=self.replicas,
            directory=str(self.folder),
            rolling_seconds=0,
            blue_green_seconds=0,
            canary=(Stage(10, 0), Stage(60, 0)),
            ready=Readiness(interval_seconds=0, timeout_seconds=0, smoke=("/greetings/ada",)),
            gates=Gates(counts="/counts", interval_seconds=0, minimum_requests=1),
        )
        progress = Progress(io.StringIO())
        return Host(configuration, self, self, self, progress, disk=self)  # type: ignore[arg-type]

    def roll_out(self, strategy: Any, image: str) -> Ended:
        code = operations.roll_out(self.host(), strategy, image, "test")
        latest = self.host().history.latest()
        assert latest
        assert latest.ended
        assert code == (latest.ended.result == "rolled back")
        return latest.ended

    def settled(self) -> Sequence[str]:
        """Check that what runs, is served and is written down agree; name the releases."""
        fleet = self.host().history.fleet()
        names = tuple(instance.name for instance in fleet.instances)
        assert set(self.running) == set(names)
        assert self.serving.traffic == fleet.traffic == Traffic(stable=fleet.traffic.stable)
        assert set(fleet.traffic.stable) == set(names)
        assert len({instance.colour for instance in fleet.instances}) == 1
        return sorted({instance.release.revision for instance in fleet.instances})
