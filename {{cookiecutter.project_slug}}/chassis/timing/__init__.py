"""Times operations: a block `with track("orders.price"):`, a function under `@track(...)`."""

from __future__ import annotations

from chassis.timing.operation import operations
from chassis.timing.stopwatch import track

__all__ = ["operations", "track"]
