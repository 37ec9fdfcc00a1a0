"""The keys of `deploy/rollout.toml`: each is a field here, with its meaning and unit."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from chassis.rollout.errors import RefusedError
from chassis.rollout.records import Range, parse_record

if TYPE_CHECKING:
    from pathlib import Path

Strategy: TypeAlias = Literal["rolling", "blue-green", "canary"]
Seconds: TypeAlias = Annotated[float, Range(0, 86_400)]
Port: TypeAlias = Annotated[int, Range(1, 65_535)]
Count: TypeAlias = Annotated[int, Range(1, 1_000)]
CHARACTERS = {"header": "A-Za-z0-9-", "cookie": "A-Za-z0-9_"}
"""Allowed in a name: nginx ends a variable at a hyphen, and ignores headers with a `_`."""


@dataclass(frozen=True)
class Readiness:
    """When a new instance may receive traffic."""

    path: str = "/readyz"
    """Path that answers 200 when the instance is ready."""
    version: str = "/version"
    """Path that returns the revision of the instance, as JSON."""
    times: Count = 3
    """Consecutive 200s after which it counts as ready."""
    interval_seconds: Seconds = 0.5
    """Seconds between two of these requests."""
    timeout_seconds: Seconds = 60.0
    """Seconds after which an instance that is not ready has failed to start."""
    smoke: tuple[str, ...] = ()
    """Paths that must then respond with a status below 400, before users reach the instance."""
    host: str = ""
    """Host header of these requests, where the service refuses others; empty for its address."""
    smoke_seconds: Seconds = 1.0
    """Seconds that each smoke request may take; the fastest of three attempts counts."""


@dataclass(frozen=True)
class Gates:
    """Limits that a release must not exceed while it is observed."""

    interval_seconds: Seconds = 2.0
    """Seconds between two evaluations of the gates."""
    counts: str = ""
    """Path of the request counters, on a port of its own; a canary requires it."""
    minimum_requests: Annotated[int, Range(1, 1_000_000)] = 100
    """Requests needed for ratios and percentiles; missing ones count as successful."""
    canary_requests: Annotated[int, Range(1, 1_000_000)] = 20
    """Requests that each stage of a canary needs; it waits for them up to 3 times its duration."""
    error_ratio: Annotated[float, Range(0, 1)] = 0.01
    """Highest ratio of 5xx responses, on top of the ratio of the old release."""
    p99_seconds: Seconds = 0.5
    """A 99th percentile in seconds that is never too slow."""
    p99_factor: Annotated[float, Range(1, 100)] = 1.5
    """Above that, how many times slower than the old release the new one may be."""
    memory_mebibytes: Annotated[int, Range(1, 1_000_000)] = 512
    """Highest resident memory of one instance."""
    ignored_routes: tuple[str, ...] = ("/livez", "/readyz", "/startupz", "/health", "/version")
    """Routes whose requests come from probes, not from users."""

    @property
    def needed_requests(self) -> int:
        """Requests that each stage of a canary needs, capped by `minimum_requests`."""
        return min(self.canary_requests, self.minimum_requests)


@dataclass(frozen=True)
class Stage:
    """One stage of a canary."""

    share: Annotated[float, Range(0.01, 99.99)]
    """Percent of the users who get the new release."""
    seconds: Seconds
    """Seconds to observe it."""


@dataclass(frozen=True)
class Proxy:
    """nginx, which every request passes through."""

    port: Port = 8080
    """Port where users reach it."""
    sticky: str = "none"
    """What keeps a user on one release in a canary: client (address), header:NAME, cookie:NAME.

    With `none` each request is assigned at random, which works for any number of clients.
    """
    leave_seconds: Seconds = 30.0
    """Seconds that requests started before a reload of nginx may take.

    At least `worker_shutdown_timeout` in proxy/nginx.
    """

    def __post_init__(self) -> None:
        """Reject a value that nginx cannot use."""
        kind, _, name = self.sticky.partition(":")
        if self.sticky not in {"none", "client"} and kind not in CHARACTERS:
            raise ValueError(
                f"sticky: {self.sticky!r} is not none, client, header:NAME or cookie:NAME"
            )
        if kind in CHARACTERS and not re.fullmatch(f"[{CHARACTERS[kind]}]+", name):
            raise ValueError(
                f"sticky: nginx cannot read a {kind} named {name!r}: use letters, digits and "
                f"{CHARACTERS[kind][-1]!r} only"
            )


@dataclass(frozen=True)
class Docker:
    """The compose project that the containers belong to."""

    compose: tuple[str, ...] = ("../compose.yaml",)
    """Compose files, relative to the folder of rollout.toml."""
    service: str = "web"
    """The compose service whose definition every instance uses."""
    port: Port = 8000
    """Port of the service in the container."""
    counts_port: Port = 9090
    """Port of its request counters in the container."""
    proxy: str = "proxy"
    """The compose service that is nginx."""
    migrate: tuple[str, ...] = ()
    """Command in the image that expands the schema; empty for none."""
    workers: tuple[str, ...] = ()  # if jobs
    """Compose services that run jobs, from the same image."""  # if jobs


@dataclass(frozen=True)
class Configuration:
    """How releases are rolled out on this host."""

    strategy: Strategy = "rolling"
    """Strategy of the command `rollout`."""
    replicas: Count = 2
    """Number of instances."""
    directory: str = "state"
    """Folder of journals and lock, relative to the folder of rollout.toml."""
    history: Annotated[int, Range(10, 10_000)] = 20
    """Number of rollouts whose journals are kept."""
    rollback_on_failure: bool = True
    """Whether a failed rollout is rolled back at once; else it stops for an operator to decide."""
    drain_seconds: Seconds = 0.0
    """Seconds that a stopping instance keeps serving; the proxy has already removed it."""
    grace_seconds: Seconds = 20.0
    """Seconds after that for the requests in flight; then it is killed."""
    rolling_seconds: Seconds = 10.0
    """Seconds to observe each new instance of a rolling release."""
    blue_green_seconds: Seconds = 30.0
    """Seconds to observe after the switch, with the old release on standby."""
    canary: tuple[Stage, ...] = field(default=(Stage(10, 60), Stage(25, 60), Stage(50, 60)))
    """Stages of a canary, before all users get the release."""
    ready: Readiness = Readiness()
    gates: Gates = Gates()
    proxy: Proxy = Proxy()
    docker: Docker = Docker()

    def __post_init__(self) -> None:
        """Reject a canary whose shares do not rise."""
        shares = [stage.share for stage in self.canary]
        if not shares or any(a >= b for a, b in pairwise(shares)):
            raise ValueError(f"canary: shares {shares} must rise from one stage to the next")


def load(path: Path) -> Configuration:
    """Read the file. Raises RefusedError with every error at once."""
    try:
        table = tomllib.loads(path.read_text())
    except OSError as error:
        raise RefusedError(f"{path}: {error.strerror}. Name another file with --config.") from error
    except ValueError as error:
        raise RefusedError(f"{path} is not valid TOML: {error}") from error
    configuration: Configuration = parse_record(Configuration, table, str(path))
    folder = path.resolve().parent
    files = tuple(str((folder / file).resolve()) for file in configuration.docker.compose)
    return replace(
        configuration,
        directory=str(folder / configuration.directory),
        docker=replace(configuration.docker, compose=files),
    )
