"""What `deploy/rollout.toml` may say; each key is a field here, with its meaning and unit."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from chassis.rollout.errors import Refused
from chassis.rollout.records import Misfits, Within, read

if TYPE_CHECKING:
    from pathlib import Path

Strategy: TypeAlias = Literal["rolling", "blue-green", "canary"]
Seconds: TypeAlias = Annotated[float, Within(0, 86_400)]
Port: TypeAlias = Annotated[int, Within(1, 65_535)]
CHARACTERS = {"header": "A-Za-z0-9-", "cookie": "A-Za-z0-9_"}
"""What a name may consist of: nginx ends a variable at a hyphen, and ignores headers with a `_`."""
Count: TypeAlias = Annotated[int, Within(1, 1_000)]


@dataclass(frozen=True)
class Readiness:
    """When a new instance may get traffic."""

    path: str = "/readyz"
    """Path that answers 200 when the instance is ready."""
    version: str = "/version"
    """Path that tells the revision that answers, as JSON."""
    times: Count = 3
    """Answers in a row that make it ready."""
    interval_seconds: Seconds = 0.5
    """Seconds between two of them."""
    timeout_seconds: Seconds = 60.0
    """Seconds after which an instance that is not ready has failed."""
    smoke: tuple[str, ...] = ()
    """Paths that must then answer 200 to 399, before any user is sent there."""
    host: str = ""
    """Host that these requests name, where the service refuses others; empty for its address."""
    smoke_seconds: Seconds = 1.0
    """Seconds that each of them may take; the best of three tries counts."""


@dataclass(frozen=True)
class Gates:
    """What a release must not exceed while it is watched."""

    interval_seconds: Seconds = 2.0
    """Seconds between two looks."""
    counts: str = ""
    """Path where instances tell their counts, on a port of its own; a canary needs it."""
    minimum_requests: Annotated[int, Within(1, 1_000_000)] = 100
    """Requests from which on ratios and percentiles mean something."""
    error_ratio: Annotated[float, Within(0, 1)] = 0.01
    """Answers of 500 and more among all that are tolerated, on top of what the old release has."""
    p99_seconds: Seconds = 0.5
    """A 99th percentile below this is never too slow."""
    p99_factor: Annotated[float, Within(1, 100)] = 1.5
    """Above it, how many times slower than the old release is tolerated."""
    memory_mebibytes: Annotated[int, Within(1, 1_000_000)] = 512
    """Resident memory that one instance may take."""
    ignored_routes: tuple[str, ...] = ("/livez", "/readyz", "/startupz", "/health", "/version")
    """Routes whose requests are probes, not users."""


@dataclass(frozen=True)
class Stage:
    """One step of a canary."""

    share: Annotated[float, Within(0.01, 99.99)]
    """Percent of the users that get the new release."""
    seconds: Seconds
    """Seconds to watch it."""


@dataclass(frozen=True)
class Proxy:
    """nginx, which every request comes through."""

    port: Port = 8080
    """Port where users reach it."""
    admin_port: Port = 8081
    """Port on this host's loopback where the tool asks the process driver's nginx what it does."""
    sticky: str = "client"
    """What keeps a user on one side of a canary: client (address), header:NAME or cookie:NAME."""
    body_mebibytes: Count = 16
    """Size of a request's body that the process driver's nginx takes; proxy/nginx has its own."""
    leave_seconds: Seconds = 30.0
    """Seconds after which requests that began before a reload are cut; proxy/nginx has its own.

    They are waited for: with containers, set what `worker_shutdown_timeout` says, or more.
    """

    def __post_init__(self) -> None:
        """Refuse a stickiness that nginx would not understand."""
        kind, _, name = self.sticky.partition(":")
        if self.sticky != "client" and kind not in CHARACTERS:
            raise ValueError(f"sticky: {self.sticky!r} is not client, header:NAME or cookie:NAME")
        if kind in CHARACTERS and not re.fullmatch(f"[{CHARACTERS[kind]}]+", name):
            raise ValueError(
                f"sticky: nginx cannot tell users apart by a {kind} of the name {name!r}: use "
                f"letters, digits and {CHARACTERS[kind][-1]!r} only"
            )


@dataclass(frozen=True)
class Process:
    """How plain processes are run, with driver = "process"."""

    command: tuple[str, ...] = (".venv/bin/python", "-m", "app")
    """Program and arguments, in the release's directory."""
    migrate: tuple[str, ...] = ()
    """Command that expands the schema; empty for none."""
    environment: str = ""
    """File with NAME=value lines for the instances; empty for none."""
    first_port: Port = 8100
    """The instance in slot N listens on this + 2N, and tells its counts on this + 2N + 1."""
    nginx: str = "nginx"
    """Program of nginx."""


@dataclass(frozen=True)
class Docker:
    """How containers are run, with driver = "docker"."""

    compose: tuple[str, ...] = ("../compose.yaml",)
    """Compose files, from this file's folder."""
    service: str = "web"
    """The compose service whose definition every instance gets."""
    port: Port = 8000
    """Port that it listens on in the container."""
    counts_port: Port = 9090
    """Port where it tells its counts."""
    proxy: str = "proxy"
    """The compose service that is nginx."""
    migrate: tuple[str, ...] = ()
    """Command in the image that expands the schema; empty for none."""


@dataclass(frozen=True)
class Configuration:
    """Everything there is to say about how releases are rolled out here."""

    driver: Literal["docker", "process"] = "docker"
    """What runs the instances: containers, or plain processes."""
    strategy: Strategy = "rolling"
    """Used by `rollout`, which names none."""
    replicas: Count = 2
    """Instances that serve."""
    directory: str = "state"
    """Where journals, lock and nginx's configuration are kept, from this file's folder."""
    history: Annotated[int, Within(10, 10_000)] = 20
    """Rollouts whose journals are kept."""
    rollback_on_failure: bool = True
    """Whether a rollout that fails undoes itself, or stands still for an operator to decide."""
    drain_seconds: Seconds = 0.0
    """Seconds that a stopping instance serves on; the proxy has turned away before."""
    grace_seconds: Seconds = 20.0
    """Seconds after that for the requests it still has; then it is killed."""
    rolling_seconds: Seconds = 10.0
    """Seconds to watch each new instance of a rolling release."""
    blue_green_seconds: Seconds = 30.0
    """Seconds to watch after the switch, with the old release standing by."""
    canary: tuple[Stage, ...] = field(default=(Stage(5, 60), Stage(25, 60), Stage(50, 60)))
    """Steps of a canary, before everybody gets the release."""
    ready: Readiness = Readiness()
    gates: Gates = Gates()
    proxy: Proxy = Proxy()
    process: Process = Process()
    docker: Docker = Docker()

    def __post_init__(self) -> None:
        """Refuse a canary that takes steps back."""
        shares = [stage.share for stage in self.canary]
        if not shares or any(a >= b for a, b in pairwise(shares)):
            raise ValueError(f"canary: shares {shares} do not rise from one step to the next")


def load(path: Path) -> Configuration:
    """Read the file. Raises Refused that names every fault at once."""
    try:
        table = tomllib.loads(path.read_text())
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}. Name another with --config.") from error
    except ValueError as error:
        raise Refused(f"{path}: is no TOML: {error}") from error
    try:
        configuration = read(Configuration, table, str(path))
    except Misfits as misfits:
        raise Refused(f"{misfits}") from None
    folder = path.resolve().parent
    files = tuple(str((folder / file).resolve()) for file in configuration.docker.compose)
    return replace(
        configuration,
        directory=str(folder / configuration.directory),
        docker=replace(configuration.docker, compose=files),
    )
