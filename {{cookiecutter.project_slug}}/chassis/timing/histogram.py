"""A histogram counts how many values fell below each of a few bounds."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Bounds that OpenTelemetry's semantic conventions recommend for HTTP durations."""


class Histogram:
    """Counts since the start. One thread may write while others read; more writers need a lock."""

    __slots__ = ("_bounds", "_counts", "sum")

    def __init__(self, bounds: Sequence[float] = SECONDS) -> None:
        """Start empty, with a bucket below each bound and one above the last."""
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self.sum = 0.0
        """Sum of all values."""

    def observe(self, value: float) -> None:
        """Count one value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self.sum += value

    @property
    def count(self) -> int:
        """Number of values."""
        return sum(self._counts)

    def buckets(self) -> list[tuple[str, int]]:
        """Return each bound as text with the number of values up to it, all of the same moment.

        The last pair, `+Inf`, counts all values.
        """
        names = [*map(str, self._bounds), "+Inf"]
        return list(zip(names, accumulate(self._counts.copy()), strict=True))
