"""The events of a rollout. Names of fields and tags are the format of journals on disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from chassis.rollout.fleet import Fleet, Release  # noqa: TC001 - journals are read by the annotations
from chassis.rollout.reading import Reading  # noqa: TC001 - the same
from chassis.rollout.steps import Step  # noqa: TC001 - the same
from chassis.rollout.strategies import RolloutKind  # noqa: TC001 - the same


def utc_now() -> str:
    """Return the time in UTC, with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@dataclass(frozen=True)
class Begun:
    """A rollout has begun: operator, release, and the fleet before it."""

    number: int
    strategy: RolloutKind
    image: str
    operator: str
    host: str
    command: str
    fleet: Fleet
    migrates: bool = True
    """Whether migrations run first; not for a rollback to an older release."""
    is_a: Literal["begun"] = "begun"
    at: str = field(default_factory=utc_now)


@dataclass(frozen=True)
class Planned:
    """The steps from here on; earlier planned steps that have not begun are void."""

    steps: tuple[Step, ...]
    back: bool = False
    """Whether they roll back."""
    reason: str = ""
    gates: tuple[Reading, ...] = ()
    """Of a rollback: the last readings of the observation that failed."""
    is_a: Literal["planned"] = "planned"
    at: str = field(default_factory=utc_now)


@dataclass(frozen=True)
class Intended:
    """A step is about to run; it may have run in part or completely."""

    step: int
    is_a: Literal["intended"] = "intended"
    at: str = field(default_factory=utc_now)


@dataclass(frozen=True)
class Done:
    """A step has completed."""

    step: int
    release: Release | None = None
    """The release that was pulled."""
    gates: tuple[Reading, ...] = ()
    """The last readings of an observation."""
    is_a: Literal["done"] = "done"
    at: str = field(default_factory=utc_now)


@dataclass(frozen=True)
class Ended:
    """A rollout has ended."""

    result: Literal["done", "rolled back"]
    reason: str = ""
    is_a: Literal["ended"] = "ended"
    at: str = field(default_factory=utc_now)


Event: TypeAlias = Begun | Planned | Intended | Done | Ended
