"""What runs the instances and the proxy: containers, or plain processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

    from chassis.rollout.fleet import Instance, Release
    from chassis.rollout.probe import Address, Answer


@dataclass(frozen=True)
class Vitals:
    """How an instance is, as the engine sees it."""

    alive: bool = False
    restarts: int = 0
    """How often the engine has restarted it."""
    cpu_seconds: float = 0.0
    """Processor time that it has used."""
    memory: int = 0
    """Bytes of memory that it holds."""


class Driver(Protocol):
    """Runs instances. What is done twice has no further effect; what fails raises StepFailed."""

    def engine(self) -> str:
        """Tell what runs the instances, and its version."""

    def migrates(self) -> bool:
        """Tell whether there is a command that expands the schema."""

    def pull(self, image: str) -> Release:
        """Fetch an image and name its content."""

    def verify(self, release: Release) -> None:
        """Make sure that the content here is the one that was named."""

    def forget(self, kept: Collection[str]) -> None:
        """Let go of the releases that were pulled here, but for those with these digests."""

    def migrate(self, release: Release) -> None:
        """Expand the schema."""

    def start(self, instance: Instance) -> None:
        """Have it run."""

    def stop(self, instance: Instance) -> None:
        """Have it end as it wants to, within drain and grace; then remove it."""

    def vitals(self, instance: Instance) -> Vitals:
        """See how it is."""

    def last_words(self, instance: Instance) -> str:
        """Give the end of its log."""

    def ask(self, instance: Instance, path: str, timeout: float = 2.0) -> Answer:
        """Send it a GET, past the proxy. Raises OSError."""

    def counts(self, instance: Instance, path: str) -> str:
        """Fetch what it has counted. Raises OSError, also for what is not a whole 200."""

    def adoptable(self) -> tuple[Instance, ...]:
        """Find the instances that run and that no rollout has started; nothing is changed."""

    def upstream(self, instance: Instance) -> str:
        """Name the address where the proxy reaches it."""


class Nginx(Protocol):
    """One nginx, wherever it runs."""

    resolves: bool
    """Whether names of instances are to be looked up while it runs."""

    def check(self) -> None:
        """Raise Refused if the one that runs cannot be told who gets the traffic."""

    def version(self) -> tuple[int, ...]:
        """Tell its version; nothing is changed or fetched for that."""

    def admin(self) -> Address:
        """Tell where this host reaches its admin server. Raises OSError if it does not run."""

    def admin_listen(self) -> str:
        """Tell what nginx listens on so that the admin port of this host leads there."""

    def install(self, text: str) -> None:
        """Let nginx test the traffic part, and put it in the place of the one before."""

    def reload(self) -> None:
        """Start it, or let it read its configuration."""

    def ports(self) -> tuple[int, ...]:
        """Name the ports of this host that it needs."""

    def workers(self) -> set[int]:
        """Name its worker processes, those too that only finish what they have begun."""

    def clear(self) -> None:
        """Forget who gets the traffic, so that it can serve without rollouts."""
