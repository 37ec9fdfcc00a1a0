"""Shows who the service is, and the gauges and counters that features pinned to its board."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Literal

from chassis.metrics.exposition import Family
from chassis.series import series

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chassis.service import Gauge, Service

logger = logging.getLogger(__name__)


class Board:
    """Reads the board at each scrape, in the thread of the scrape."""

    def __init__(self, service: Service) -> None:
        """Look at this service."""
        self._service = service
        self._broken: set[str] = set()

    def families(self) -> Iterator[Family]:
        """Write the identity and every figure that can be read."""
        identity = self._service.identity.model_dump(include={"name", "version", "revision"})
        info = Family("gauge", "service_info", "What runs here.")
        info.add(series("service_info", **identity, environment=self._service.environment), 1)
        yield info
        yield from self._read("gauge", self._service.gauges)
        yield from self._read("counter", self._service.counters)

    def _read(self, kind: Literal["counter", "gauge"], board: Mapping[str, Gauge]) -> list[Family]:
        found: dict[str, Family] = {}
        for name, read in dict(board).items():
            try:
                value = float(read())
            except Exception as error:  # noqa: BLE001 - one figure must not hide the others
                if name not in self._broken:
                    self._broken.add(name)
                    logger.warning("%s %s is left out, reading it raised %r", kind, name, error)
                continue
            metric = name.partition("{")[0].removesuffix("_total" if kind == "counter" else "")
            family = found.setdefault(metric, Family(kind, metric, "Read from the board."))
            family.add(name, value)
        return list(found.values())
