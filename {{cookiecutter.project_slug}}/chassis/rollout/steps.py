"""The steps that a rollout is made of; carried out twice, each does no more than once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from chassis.rollout.fleet import Fleet, Instance, Release, Traffic


@dataclass(frozen=True)
class Pull:
    """Fetch the image, and learn its digest."""

    image: str
    is_a: Literal["pull"] = "pull"


@dataclass(frozen=True)
class Verify:
    """See that what is here still has the digest that was asked for."""

    release: Release
    is_a: Literal["verify"] = "verify"


@dataclass(frozen=True)
class Migrate:
    """Expand the schema, so that the old release and the new one can both work with it."""

    release: Release
    is_a: Literal["migrate"] = "migrate"


@dataclass(frozen=True)
class Start:
    """Start an instance, without traffic."""

    instance: Instance
    is_a: Literal["start"] = "start"


@dataclass(frozen=True)
class Ready:
    """Wait until an instance is ready, several times in a row; then try it out."""

    instance: Instance
    smoke: bool = True
    is_a: Literal["ready"] = "ready"


@dataclass(frozen=True)
class Shift:
    """Send the traffic elsewhere, and wait until nothing comes the old way."""

    traffic: Traffic
    is_a: Literal["shift"] = "shift"


@dataclass(frozen=True)
class Observe:
    """Watch new instances under traffic, beside the old ones where these have some too."""

    seconds: float
    watched: tuple[Instance, ...]
    beside: tuple[Instance, ...] = ()
    share: float = 100.0
    """Percent of the users that those watched have."""
    needs_data: bool = False
    """Whether too few requests are a failure."""
    is_a: Literal["observe"] = "observe"


@dataclass(frozen=True)
class Retire:
    """Stop an instance that gets no traffic, and remove it."""

    instance: Instance
    is_a: Literal["retire"] = "retire"


Step: TypeAlias = Pull | Verify | Migrate | Start | Ready | Shift | Observe | Retire


def words(step: Step) -> str:  # noqa: PLR0911 - one for each step
    """Tell a step to the operator."""
    match step:
        case Pull():
            return f"pull {step.image}"
        case Verify():
            return f"verify that it is {step.release.digest[:19]}"
        case Migrate():
            return "expand the schema"
        case Start():
            return f"start {step.instance.name}"
        case Ready():
            return f"wait for {step.instance.name}"
        case Shift(traffic=Traffic(canary=())):
            return f"shift traffic to {', '.join(step.traffic.stable) or 'nobody'}"
        case Shift():
            return f"shift {step.traffic.share:g} % to {', '.join(step.traffic.canary)}"
        case Observe():
            return f"observe for {step.seconds:g} s"
        case Retire():
            return f"retire {step.instance.name}"


def begun(fleet: Fleet, step: Step) -> Fleet:
    """Tell what should be there once a step has begun: a started instance, even if it fails."""
    return fleet.with_instance(step.instance) if isinstance(step, Start) else fleet


def done(fleet: Fleet, step: Step) -> Fleet:
    """Tell what should be there once a step is done."""
    match step:
        case Shift():
            return Fleet(fleet.instances, step.traffic)
        case Retire():
            return fleet.without(step.instance)
        case _:
            return fleet
