"""Releases, their instances, and the weights of the traffic between them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count, islice
from typing import Literal, TypeAlias

Colour: TypeAlias = Literal["blue", "green"]


@dataclass(frozen=True)
class Release:
    """What is rolled out, identified by the digest of its content."""

    image: str
    """Name of the image, as the operator gave it."""
    digest: str
    revision: str
    """Source revision; the instance returns it at `ready.version`."""

    @property
    def pinned_image(self) -> str:
        """Name of the image with its digest."""
        return f"{self.image.partition('@')[0]}@{self.digest}"

    def __str__(self) -> str:
        """Name it for operators."""
        return f"{self.image} (revision {self.revision})"


@dataclass(frozen=True)
class Instance:
    """One running copy of a release."""

    name: str
    release: Release
    colour: Colour
    slot: int
    """Smallest number that no other instance of the fleet has."""


@dataclass(frozen=True)
class Traffic:
    """Names of the instances that receive requests."""

    stable: tuple[str, ...] = ()
    canary: tuple[str, ...] = ()
    share: float = 0.0
    """Percent of the users whom the canary serves."""
    standby: tuple[str, ...] = ()
    """Backup upstreams: the old release while the new one is observed."""

    def share_of(self, name: str) -> float:
        """Percent of the traffic that an instance receives."""
        share = self.share if self.canary else 0.0
        if name in self.canary:
            return share / len(self.canary)
        return (100 - share) / len(self.stable) if name in self.stable else 0.0


@dataclass(frozen=True)
class Fleet:
    """All instances that should run, and the traffic between them."""

    instances: tuple[Instance, ...] = ()
    traffic: Traffic = Traffic()

    @property
    def colour(self) -> Colour:
        """Colour of the live release; the next one gets the other colour."""
        return self.instances[-1].colour if self.instances else "green"

    def without(self, instance: Instance) -> Fleet:
        """Return the fleet without this instance."""
        kept = tuple(it for it in self.instances if it.name != instance.name)
        return replace(self, instances=kept)

    def name_new(self, release: Release, number: int, replicas: int) -> tuple[Instance, ...]:
        """Name the instances that rollout `number` will start beside those of the fleet."""
        taken = {instance.slot for instance in self.instances}
        free = (slot for slot in count() if slot not in taken)
        colour: Colour = "blue" if self.colour == "green" else "green"
        return tuple(
            Instance(f"{colour}-{number}-{ordinal}", release, colour, slot)
            for ordinal, slot in enumerate(islice(free, replicas), 1)
        )
