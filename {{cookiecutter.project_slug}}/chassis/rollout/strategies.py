"""The strategies: each a short account of which step follows which."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from math import ceil
from typing import TYPE_CHECKING, Literal, TypeAlias

from chassis.rollout.fleet import Traffic
from chassis.rollout.steps import Migrate, Observe, Ready, Retire, Shift, Start, Verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chassis.rollout.configuration import Configuration
    from chassis.rollout.fleet import Instance, Release
    from chassis.rollout.rollout import Rollout
    from chassis.rollout.steps import Step


Way: TypeAlias = Literal["rolling", "blue-green", "canary", "adopt"]


@dataclass(frozen=True)
class Order:
    """Replace the old instances by the new ones."""

    old: tuple[Instance, ...]
    new: tuple[Instance, ...]
    configuration: Configuration


def forward(way: Way, release: Release, order: Order, *, migrates: bool) -> Iterator[Step]:
    """Plan everything that follows once the release is here."""
    yield Verify(release)
    if migrates:
        yield Migrate(release)
    yield from STRATEGIES[way if order.old else "blue-green"](order)


def rolling(order: Order) -> Iterator[Step]:
    """One by one: a new instance takes the place of an old one."""
    for number, (old, new) in enumerate(zip_longest(order.old, order.new), 1):
        beside = order.old[number:]
        serving = (*beside, *order.new[:number])
        if new:
            yield Start(new)
            yield Ready(new)
            yield Shift(Traffic(names(serving), standby=names([old] if old else [])))
            share = 100 / len(serving)
            yield Observe(order.configuration.rolling_seconds, (new,), beside, share)
        if old:
            yield Shift(Traffic(names(serving)))
            yield Retire(old)


def blue_green(order: Order) -> Iterator[Step]:
    """All at once: the new release is complete before the switch, the old one stands by after."""
    yield from opened(order.new)
    yield from switched(order)


def canary(order: Order) -> Iterator[Step]:
    """Share by share: the new release gets more users while it does no worse than the old one."""
    running = 0
    for stage in order.configuration.canary:
        needed = max(running, ceil(len(order.new) * stage.share / 100))
        yield from opened(order.new[running:needed])
        running = needed
        chosen = order.new[:running]
        yield Shift(Traffic(names(order.old), names(chosen), stage.share))
        yield Observe(stage.seconds, chosen, order.old, stage.share, needs_data=True)
    yield from opened(order.new[running:])
    yield from switched(order)


def adopt(order: Order) -> Iterator[Step]:
    """Leave the old release where it is, under the name of each instance."""
    yield Shift(Traffic(names(order.old)))


def back(rollout: Rollout) -> Iterator[Step]:
    """Undo: first all old instances are there again, then they get the traffic, then all else goes.

    Traffic waits for the last of the old ones: those that are left could not bear it alone.
    """
    before, now = rollout.begun.fleet, rollout.fleet
    leaving = [old for old in before.instances if old.name in rollout.leaving]
    yield from map(Retire, leaving)  # they have been told to stop: that cannot be called off
    gone = [old for old in before.instances if old in leaving or old not in now.instances]
    yield from map(Start, gone)
    for old in gone:
        yield Ready(old, smoke=False)
    if rollout.has_shifted:
        yield Shift(before.traffic)
    yield from (Retire(new) for new in now.instances if new not in before.instances)


def opened(instances: tuple[Instance, ...]) -> Iterator[Step]:
    """Start several at once, then wait for each."""
    yield from map(Start, instances)
    yield from map(Ready, instances)


def switched(order: Order) -> Iterator[Step]:
    """Give the new release everybody, and retire the old one when that has gone well."""
    yield Shift(Traffic(names(order.new), standby=names(order.old)))
    yield Observe(order.configuration.blue_green_seconds, order.new)
    if order.old:
        yield Shift(Traffic(names(order.new)))
        yield from map(Retire, order.old)


def names(instances: tuple[Instance, ...] | list[Instance]) -> tuple[str, ...]:
    """Name them."""
    return tuple(instance.name for instance in instances)


STRATEGIES: dict[Way, Callable[[Order], Iterator[Step]]] = {
    "rolling": rolling,
    "blue-green": blue_green,
    "canary": canary,
    "adopt": adopt,
}
