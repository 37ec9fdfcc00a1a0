"""Times operations: a block `with track("orders.price"):`, a function under `@track(...)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from chassis.service import Feature
from chassis.timing.operation import operations
from chassis.timing.stopwatch import track

if TYPE_CHECKING:
    from chassis.service import Service

__all__ = ["Timing", "operations", "track"]


class Timing(Feature):
    """How long operations take, and how many of them fail."""

    window: int = Field(default=1000, ge=1, le=100_000)
    """Latest runs of each operation from which average, extremes and percentiles are taken."""

    def install(self, service: Service) -> None:  # noqa: ARG002 - operations belong to the process
        """Set how many runs are kept."""
        operations.resize(self.window)
