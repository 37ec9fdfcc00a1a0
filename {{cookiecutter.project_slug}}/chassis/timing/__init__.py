"""Times operations: a block with `with track("orders.price"):`, a function with `@track(...)`."""

from __future__ import annotations

from chassis.timing.operation import operations
from chassis.timing.stopwatch import track

__all__ = ["operations", "track"]
