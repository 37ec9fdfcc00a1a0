"""Collects the service's identity and the figures that features add to the board."""

from __future__ import annotations

import logging
from socket import gethostname
from typing import TYPE_CHECKING, Literal, TypeVar

from chassis.metrics.exposition import Family
from chassis.series import series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from chassis.service import Gauge, Service

T = TypeVar("T")

HELP = "Read from the board."

logger = logging.getLogger(__name__)


class BoardCollector:
    """Reads the board at each scrape, in the thread of the scrape."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._broken: set[str] = set()

    def families(self) -> Iterator[Family]:
        """Yield the identity, and every figure that can be read."""
        identity = self._service.identity.model_dump(include={"name", "version", "revision"})
        info = Family("gauge", "service_info", "Name and version of the service.")
        labels = {**identity, "environment": self._service.environment, "host": gethostname()}
        info.add(series("service_info", **labels), 1)
        yield info
        yield from self._collect_figures("gauge", self._service.gauges)
        yield from self._collect_figures("counter", self._service.counters)
        yield from self._collect_histograms()

    def _collect_figures(
        self, kind: Literal["counter", "gauge"], board: Mapping[str, Gauge]
    ) -> Iterable[Family]:
        found: dict[str, Family] = {}

        def add(name: str, value: float) -> None:
            value = float(value)
            metric = name.partition("{")[0].removesuffix("_total" if kind == "counter" else "")
            found.setdefault(metric, Family(kind, metric, HELP)).add(name, value)

        self._read_each(kind, board, add)
        return found.values()

    def _collect_histograms(self) -> Iterable[Family]:
        found: dict[str, Family] = {}

        def add(name: str, value: tuple[list[tuple[str, int]], float]) -> None:
            buckets, total = value
            metric, _, labels = name.removesuffix("}").partition("{")
            family = found.setdefault(metric, Family("histogram", metric, HELP))
            family.histogram(labels, buckets, total)

        self._read_each("histogram", self._service.histograms, add)
        return found.values()

    def _read_each(
        self, kind: str, board: Mapping[str, Callable[[], T]], add: Callable[[str, T], None]
    ) -> None:
        for name, read in dict(board).items():
            try:
                add(name, read())
            except Exception as error:  # noqa: BLE001 - one figure must not hide the others
                if name not in self._broken:
                    self._broken.add(name)
                    fields = {"metric": name, "kind": kind, "error": repr(error)}
                    logger.warning("metric is left out: reading it raised", extra=fields)
