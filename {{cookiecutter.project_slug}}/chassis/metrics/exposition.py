"""Writes the exposition: prometheus-client's metrics by prometheus-client, the collectors' as text.

prometheus-client takes about 10 microseconds per line. A hundred routes are ten thousand lines:
a scrape would take longer than the promised 50 ms and hold the event loop up meanwhile.
"""

from __future__ import annotations

import logging
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, Protocol

from prometheus_client.exposition import choose_encoder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from prometheus_client import Metric
    from prometheus_client.registry import Collector

logger = logging.getLogger(__name__)

END_OF_OPENMETRICS = b"# EOF\n"


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
        self._exemplars: dict[int, str] = {}

    def add(self, series: str, value: float) -> None:
        """Add a series by its name, which ends in `_total` for a counter."""
        self._lines.append(f"{series} {value}\n")

    def counter(self, labels: str, value: int) -> None:
        """Add a counter's series."""
        self.add(f"{self.name}_total{{{labels}}}", value)

    def histogram(
        self,
        labels: str,
        buckets: list[tuple[str, int]],
        total: float,
        exemplars: Mapping[int, str] = MappingProxyType({}),
    ) -> None:
        """Add a histogram's series, and an exemplar to each bucket that has one."""
        name, first = self.name, len(self._lines)
        self._exemplars |= {first + bucket: text for bucket, text in exemplars.items()}
        self._lines += [f'{name}_bucket{{{labels},le="{b}"}} {count}\n' for b, count in buckets]
        self._lines.append(f"{name}_count{{{labels}}} {buckets[-1][1]}\n")
        self._lines.append(f"{name}_sum{{{labels}}} {total}\n")

    def text(self, *, openmetrics: bool) -> str:
        """Return the text; OpenMetrics names counters differently, and has exemplars."""
        name = self.name if openmetrics or self._kind != "counter" else f"{self.name}_total"
        head = f"# HELP {name} {self._meaning}\n# TYPE {name} {self._kind}\n"
        lines = self._lines.copy()
        if openmetrics:
            for line, exemplar in self._exemplars.items():
                lines[line] = f"{lines[line].rstrip()} # {exemplar}\n"
        return head + "".join(lines)


class TextCollector(Protocol):
    """Collects metrics as text."""

    def families(self) -> Iterator[Family]:
        """Yield what has been counted so far."""


class RegistryWithoutTakenNames:
    """A registry without the metrics whose names the service uses itself."""

    def __init__(self, registry: Collector, taken: AbstractSet[str]) -> None:
        """Leave out these names."""
        self._registry = registry
        self._taken = taken

    def collect(self) -> Iterator[Metric]:
        """Yield the others."""
        for metric in self._registry.collect():
            if metric.name not in self._taken:
                yield metric
            else:
                warn_about_taken_name(metric.name)


@cache
def warn_about_taken_name(name: str) -> None:
    """Log once that a metric is left out."""
    logger.warning("metric %s is left out: the service has one of that name. Rename yours.", name)


def expose(
    accept: str, registry: Collector, collectors: Iterable[TextCollector]
) -> tuple[bytes, str]:
    """Return the exposition in the format that an Accept header asks for, and its content type."""
    try:
        encode, format_ = choose_encoder(accept)
    except TypeError:  # prometheus_client 0.26 cannot order a version such as `1.0.x`
        encode, format_ = choose_encoder("")
    openmetrics = format_.startswith("application/openmetrics-text")
    families = [family for collector in collectors for family in collector.families()]
    others = RegistryWithoutTakenNames(registry, {family.name for family in families})
    text = "".join(family.text(openmetrics=openmetrics) for family in families)
    body = encode(others).removesuffix(END_OF_OPENMETRICS) + text.encode(errors="replace")
    return body + END_OF_OPENMETRICS if openmetrics else body, format_
