"""Shows who the service is, and the gauges that features pinned to its board."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric

    from app.service import Service

logger = logging.getLogger(__name__)


class Board(Collector):
    """Reads the board at each scrape, in the thread of the scrape."""

    def __init__(self, service: Service) -> None:
        """Look at this service."""
        self._service = service
        self._broken: set[str] = set()

    def collect(self) -> Iterator[Metric]:
        """Render the identity and every gauge that can be read."""
        identity = self._service.identity.model_dump(include={"name", "version", "revision"})
        value = identity | {"environment": self._service.environment}
        yield InfoMetricFamily("service", "What runs here.", value=value)
        for name, gauge in self._service.gauges.copy().items():
            try:
                family = GaugeMetricFamily(name, "Read from the board.", value=float(gauge()))
            except Exception as error:  # noqa: BLE001 - one gauge must not hide the others
                if name not in self._broken:
                    self._broken.add(name)
                    logger.warning("gauge %s is left out, reading it raised %r", name, error)
            else:
                yield family
