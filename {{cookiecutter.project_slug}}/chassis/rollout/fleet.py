"""What runs and who gets the traffic: releases, their instances, and the fleet they make."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count, islice
from typing import Literal, TypeAlias

Colour: TypeAlias = Literal["blue", "green"]


@dataclass(frozen=True)
class Release:
    """What is rolled out, by a digest that cannot be moved to other content."""

    image: str
    """What the operator called it: an image's name, or a directory."""
    digest: str
    revision: str
    """Source revision that it says it is made of; it answers so at its version path."""


@dataclass(frozen=True)
class Instance:
    """One running copy of a release."""

    name: str
    release: Release
    colour: Colour
    slot: int
    """Smallest number that no other instance of the fleet has; some drivers make ports of it."""


@dataclass(frozen=True)
class Traffic:
    """Names of the instances that users reach."""

    stable: tuple[str, ...] = ()
    canary: tuple[str, ...] = ()
    share: float = 0.0
    """Percent of the users that the canary gets."""
    standby: tuple[str, ...] = ()
    """Who gets a request that nobody else takes: the old release while the new one is watched."""

    def share_of(self, name: str) -> float:
        """Percent of the traffic that an instance gets."""
        share = self.share if self.canary else 0.0
        if name in self.canary:
            return share / len(self.canary)
        return (100 - share) / len(self.stable) if name in self.stable else 0.0


@dataclass(frozen=True)
class Fleet:
    """Everything that should be there."""

    instances: tuple[Instance, ...] = ()
    traffic: Traffic = Traffic()

    @property
    def colour(self) -> Colour:
        """Colour of those who serve; the next release gets the other one."""
        return self.instances[-1].colour if self.instances else "green"

    def get(self, name: str) -> Instance:
        """Find an instance by its name."""
        return next(instance for instance in self.instances if instance.name == name)

    def with_instance(self, instance: Instance) -> Fleet:
        """Give the fleet that has it."""
        others = self.without(instance).instances
        return replace(self, instances=(*others, instance))

    def without(self, instance: Instance) -> Fleet:
        """Give the fleet that lacks it."""
        kept = tuple(it for it in self.instances if it.name != instance.name)
        return replace(self, instances=kept)

    def recruits(self, release: Release, number: int, replicas: int) -> tuple[Instance, ...]:
        """Name the instances that rollout `number` will start beside those that are there."""
        taken = {instance.slot for instance in self.instances}
        free = (slot for slot in count() if slot not in taken)
        colour: Colour = "blue" if self.colour == "green" else "green"
        return tuple(
            Instance(f"{colour}-{number}-{ordinal}", release, colour, slot)
            for ordinal, slot in enumerate(islice(free, replicas), 1)
        )
