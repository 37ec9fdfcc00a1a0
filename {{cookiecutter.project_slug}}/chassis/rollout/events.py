"""What a journal's lines say."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from chassis.rollout.fleet import Fleet, Release  # noqa: TC001 - journals are read by the annotations
from chassis.rollout.reading import Reading  # noqa: TC001 - the same
from chassis.rollout.steps import Step  # noqa: TC001 - the same
from chassis.rollout.strategies import Way  # noqa: TC001 - the same


def now() -> str:
    """Give the time, in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@dataclass(frozen=True)
class Begun:
    """A rollout begins: who, what, and from where it sets out."""

    number: int
    strategy: Way
    image: str
    operator: str
    host: str
    command: str
    fleet: Fleet
    migrates: bool = True
    """Whether the schema is expanded first; not on the way to an older release."""
    is_a: Literal["begun"] = "begun"
    at: str = field(default_factory=now)


@dataclass(frozen=True)
class Planned:
    """These are the steps from here on; those planned before and not yet begun are void."""

    steps: tuple[Step, ...]
    back: bool = False
    """Whether they lead back to where the rollout set out."""
    reason: str = ""
    is_a: Literal["planned"] = "planned"
    at: str = field(default_factory=now)


@dataclass(frozen=True)
class Intended:
    """A step of the plan is about to be carried out; it may have been, in part or whole."""

    step: int
    is_a: Literal["intended"] = "intended"
    at: str = field(default_factory=now)


@dataclass(frozen=True)
class Done:
    """A step has been carried out."""

    step: int
    release: Release | None = None
    """What was pulled."""
    gates: tuple[Reading, ...] = ()
    """What was seen last while observing."""
    is_a: Literal["done"] = "done"
    at: str = field(default_factory=now)


@dataclass(frozen=True)
class Ended:
    """A rollout is over."""

    result: Literal["done", "rolled back"]
    reason: str = ""
    is_a: Literal["ended"] = "ended"
    at: str = field(default_factory=now)


Event: TypeAlias = Begun | Planned | Intended | Done | Ended
