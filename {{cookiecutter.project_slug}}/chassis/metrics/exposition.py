"""Writes the exposition: prometheus-client formats its own metrics, the collectors write text.

prometheus-client takes about 10 microseconds per line. A hundred routes are ten thousand lines: a
scrape would take longer than the promised 50 ms and block the event loop meanwhile.
"""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING, Literal, Protocol

from prometheus_client import generate_latest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Set as AbstractSet

    from prometheus_client import Metric
    from prometheus_client.registry import Collector

logger = logging.getLogger(__name__)


class Family:
    """One metric with all its series, in text."""

    def __init__(
        self, kind: Literal["counter", "gauge", "histogram"], name: str, meaning: str
    ) -> None:
        """Start without series; the name of a counter is given without `_total`."""
        self._kind = kind
        self.name = name
        self._meaning = meaning
        self._lines: list[str] = []

    def add(self, series: str, value: float) -> None:
        """Add a series by its name, which ends in `_total` for a counter."""
        self._lines.append(f"{series} {value}\n")

    def counter(self, labels: str, value: int) -> None:
        """Add a counter's series."""
        self.add(f"{self.name}_total{{{labels}}}", value)

    def histogram(self, labels: str, buckets: list[tuple[str, int]], total: float) -> None:
        """Add a histogram's series."""
        name = self.name
        self._lines += [f'{name}_bucket{{{labels},le="{b}"}} {count}\n' for b, count in buckets]
        self._lines.append(f"{name}_count{{{labels}}} {buckets[-1][1]}\n")
        self._lines.append(f"{name}_sum{{{labels}}} {total}\n")

    def text(self) -> str:
        """Return the text."""
        name = f"{self.name}_total" if self._kind == "counter" else self.name
        head = f"# HELP {name} {self._meaning}\n# TYPE {name} {self._kind}\n"
        return head + "".join(self._lines)


class TextCollector(Protocol):
    """Collects metrics as text."""

    def families(self) -> Iterator[Family]:
        """Yield the metrics counted so far."""


class RegistryWithoutTakenNames:
    """A registry without the metrics whose names the service itself uses."""

    def __init__(self, registry: Collector, taken: AbstractSet[str]) -> None:
        self._registry = registry
        self._taken = taken

    def collect(self) -> Iterator[Metric]:
        """Yield the other metrics."""
        for metric in self._registry.collect():
            if metric.name not in self._taken:
                yield metric
            else:
                warn_about_taken_name(metric.name)


@cache
def warn_about_taken_name(name: str) -> None:
    """Log once that a metric is left out."""
    logger.warning(
        "metric is left out: the service has one of that name. Rename yours.",
        extra={"metric": name},
    )


def expose(registry: Collector, collectors: Iterable[TextCollector]) -> bytes:
    """Return the exposition, in Prometheus's text format."""
    families = [family for collector in collectors for family in collector.families()]
    others = RegistryWithoutTakenNames(registry, {family.name for family in families})
    text = "".join(family.text() for family in families)
    return generate_latest(others) + text.encode(errors="replace")
