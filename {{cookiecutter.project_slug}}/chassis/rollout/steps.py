"""The steps of a rollout. Each is idempotent: running it twice has no further effect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from chassis.rollout.fleet import Fleet, Instance, Release, Traffic
from chassis.rollout.workers import ReplaceWorkers, describe_workers  # if jobs


@dataclass(frozen=True)
class Pull:
    """Pull the image, and resolve its digest."""

    image: str
    is_a: Literal["pull"] = "pull"


@dataclass(frozen=True)
class Verify:
    """Verify that the image on this host has the digest of the release."""

    release: Release
    is_a: Literal["verify"] = "verify"


@dataclass(frozen=True)
class Migrate:
    """Expand the schema, so that both the old and the new release work with it."""

    release: Release
    is_a: Literal["migrate"] = "migrate"


@dataclass(frozen=True)
class Start:
    """Start an instance, without traffic."""

    instance: Instance
    is_a: Literal["start"] = "start"


@dataclass(frozen=True)
class WaitUntilReady:
    """Wait until an instance is ready, then run its smoke tests."""

    instance: Instance
    smoke: bool = True
    is_a: Literal["ready"] = "ready"


@dataclass(frozen=True)
class Shift:
    """Change the weights of the traffic, and wait until every worker of nginx has loaded them."""

    traffic: Traffic
    is_a: Literal["shift"] = "shift"


@dataclass(frozen=True)
class Observe:
    """Observe new instances under traffic, compared with the old ones if these have traffic too."""

    seconds: float
    watched: tuple[Instance, ...]
    beside: tuple[Instance, ...] = ()
    """The baseline: instances of the old release."""
    share: float = 100.0
    """Percent of the users whom the observed instances serve."""
    needs_data: bool = False
    """Whether too few requests are a failure."""
    is_a: Literal["observe"] = "observe"


@dataclass(frozen=True)
class Retire:
    """Stop and remove an instance that receives no traffic."""

    instance: Instance
    is_a: Literal["retire"] = "retire"


Step: TypeAlias = (
    Pull | Verify | Migrate | Start | WaitUntilReady | Shift | Observe | Retire
    | ReplaceWorkers  # if jobs
)  # fmt: skip


def describe(step: Step, fleet: Fleet) -> str:  # noqa: PLR0911 - one for each step
    """Describe for the operator what a step changes in the fleet."""
    match step:
        case Pull():
            return f"pull {step.image.partition('@')[0]}"
        case Verify():
            return f"verify that the digest is {step.release.digest[:19]}"
        case Migrate():
            return "expand the schema"
        case Start():
            return f"start {step.instance.name} of {step.instance.release.image}"
        case WaitUntilReady():
            return f"wait until {step.instance.name} is ready"
        case Shift():
            return _describe_shift(fleet.traffic, step.traffic)
        case Observe():
            names = ", ".join(it.name for it in step.watched)
            return f"observe {names} for {step.seconds:g} s, with {step.share:g} % of the traffic"
        case Retire():
            return f"stop and remove {step.instance.name}"
        case ReplaceWorkers():  # if jobs
            return describe_workers(step)  # if jobs


def _describe_shift(before: Traffic, after: Traffic) -> str:
    """Describe which instances get more traffic, get none any more, and are on standby."""
    old, new = (*before.stable, *before.canary), (*after.stable, *after.canary)
    gained = [it for it in new if after.share_of(it) > before.share_of(it) or it not in old]
    lost = [it for it in old if it not in new]
    parts = [f"shift {after.share:g} % of the traffic to {', '.join(after.canary)}"]
    if not after.canary:
        parts = [f"shift traffic to {', '.join(gained)}"] if gained else []
    parts += [f"take it from {', '.join(lost)}"] if lost else []
    parts += [f"keep {', '.join(after.standby)} on standby"] if after.standby else []
    ended = [it for it in before.standby if it not in (*after.standby, *new)]
    parts += [f"end the standby of {', '.join(ended)}"] if ended else []
    return ", ".join(parts) or f"have nginx send requests to {', '.join(new) or 'no instance'}"


def expect_begun(fleet: Fleet, step: Step) -> Fleet:
    """Return the expected fleet once a step has begun: a started instance, even if it fails."""
    if isinstance(step, Start) and step.instance not in fleet.instances:
        return Fleet((*fleet.instances, step.instance), fleet.traffic)
    return fleet


def expect_done(fleet: Fleet, step: Step) -> Fleet:
    """Return the expected fleet once a step is done."""
    match step:
        case Shift():
            return Fleet(fleet.instances, step.traffic)
        case Retire():
            return fleet.without(step.instance)
        case _:
            return fleet
