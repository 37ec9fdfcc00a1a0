"""Collects the request counters of observed instances; unknown is not the same as zero."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from chassis.rollout.counts import Counts, parse_counts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chassis.rollout.configuration import Gates
    from chassis.rollout.docker.containers import Containers
    from chassis.rollout.fleet import Instance


def scrape(instance: Instance, containers: Containers, gates: Gates) -> Counts:
    """Read the counters of an instance since its start. Raises OSError if they are unknown."""
    try:
        return parse_counts(containers.fetch_counts(instance, gates.counts), gates.ignored_routes)
    except ValueError as error:
        raise OSError(f"{gates.counts} cannot be parsed: {error}") from error


class Scraper:
    """Sums what each instance has counted since its first successful scrape."""

    def __init__(self, instances: Iterable[Instance], containers: Containers, gates: Gates) -> None:
        self.instances = tuple(instances) if gates.counts else ()
        self.containers = containers
        self.gates = gates
        self._last: dict[str, Counts] = {}
        self._total: defaultdict[str, Counts] = defaultdict(Counts)

    def scrape_all(self) -> str:
        """Scrape each instance once; return the failures, or an empty string.

        The next scrape makes up for a failed one, because counters only rise.
        """
        failure = ""
        for instance in self.instances:
            try:
                now = scrape(instance, self.containers, self.gates)
            except OSError as error:
                failure = f"{instance.name}: {error}"
                continue
            last = self._last.get(instance.name, now)
            # After a restart it counts from zero: then all of it is new.
            more = now if now.was_reset_since(last) else now - last
            self._total[instance.name] += more
            self._last[instance.name] = now
        return failure

    def total(self, instances: Iterable[Instance]) -> Counts:
        """Sum what these instances have counted, as far as it is known."""
        return sum((self._total[it.name] for it in instances), Counts())
