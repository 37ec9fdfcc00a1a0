"""What instances have answered while they are watched; not known is not the same as nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chassis.rollout.counts import Counts, parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chassis.rollout.configuration import Gates
    from chassis.rollout.drivers import Driver
    from chassis.rollout.fleet import Instance


def scrape(instance: Instance, driver: Driver, gates: Gates) -> Counts:
    """Read what it has counted since it started. Raises OSError if that cannot be known."""
    try:
        return parse(driver.counts(instance, gates.counts), gates.ignored_routes)
    except ValueError as error:
        raise OSError(f"{gates.counts} cannot be read: {error}") from error


class Scrapes:
    """Adds up, scrape by scrape, what each instance has answered since the first that succeeded."""

    def __init__(self, instances: Iterable[Instance], driver: Driver, gates: Gates) -> None:
        """Begin with nothing."""
        self.instances = tuple(instances) if gates.counts else ()
        self.driver = driver
        self.gates = gates
        self._last: dict[str, Counts] = {}
        self._since: dict[str, Counts] = {}

    def read(self) -> str:
        """Scrape each once; tell which of them does not say what it has answered, and why.

        A scrape that is missing is made up for by the next one, for counters only ever rise.
        """
        fault = ""
        for instance in self.instances:
            try:
                now = scrape(instance, self.driver, self.gates)
            except OSError as error:
                fault = f"{instance.name}: {error}"
                continue
            last = self._last.get(instance.name, now)
            # One that has started again since counts from zero: then all of it is new.
            more = now if now.fell_below(last) else now - last
            self._since[instance.name] = self.since([instance]) + more
            self._last[instance.name] = now
        return fault

    def since(self, instances: Iterable[Instance]) -> Counts:
        """Add up what these have answered, as far as it is known."""
        total = Counts()
        for instance in instances:
            total += self._since.get(instance.name, Counts())
        return total
