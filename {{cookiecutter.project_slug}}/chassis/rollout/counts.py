"""The request counters of an instance: requests, errors and the latency histogram."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf, isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

REQUESTS = "http_requests_total"
SECONDS = "http_request_duration_seconds"
SERIES = re.compile(rf"^({REQUESTS}|{SECONDS}_bucket)[{{ ]")
LINE = re.compile(r'^\w+\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\} (\S+)(?: .*)?$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Counts:
    """Requests of users, and how long they took."""

    requests: float = 0
    errors: float = 0
    """Responses with a status of 500 or more."""
    buckets: Counter[float] = field(default_factory=Counter)
    """Upper bound in seconds -> requests that took at most that long."""

    def __add__(self, other: Counts) -> Counts:
        """Add the counts of two instances."""
        buckets = Counter(self.buckets)
        buckets.update(other.buckets)
        return Counts(self.requests + other.requests, self.errors + other.errors, buckets)

    def __sub__(self, other: Counts) -> Counts:
        """Return what was counted since `other`."""
        buckets = Counter(self.buckets)
        buckets.subtract(other.buckets)
        return Counts(self.requests - other.requests, self.errors - other.errors, buckets)

    def was_reset_since(self, other: Counts) -> bool:
        """Whether a counter is lower than in `other`, as after a restart."""
        buckets = (self.buckets[bound] < count for bound, count in other.buckets.items())
        return self.requests < other.requests or self.errors < other.errors or any(buckets)

    def error_ratio(self, minimum: float) -> float:
        """Errors per request; requests missing to `minimum` count as successful."""
        return self.errors / max(self.requests, minimum, 1)

    def quantile(self, fraction: float, minimum: float) -> float:
        """Seconds within which that fraction was answered, interpolated within a bucket.

        If there are fewer than `minimum`, the missing ones count as answered at once.
        """
        missing = max(0.0, minimum - self.requests)
        rank = fraction * (self.requests + missing) - missing
        bounds = [(0.0, 0.0), *sorted(self.buckets.items())]
        for (low, below), (high, within) in pairwise(bounds):
            if within >= rank > below:
                return (
                    low if high == inf else low + (high - low) * (rank - below) / (within - below)
                )
        return 0.0


def parse_counts(text: str, ignored: Collection[str] = ()) -> Counts:
    """Parse the text exposition format, without the ignored routes.

    Raises ValueError if a counter is missing or is not a number: read as zero, it would make a bad
    release look good, or an old one worse than it is.
    """
    for name in (REQUESTS, SECONDS):
        if name not in text:
            raise ValueError(f"{name} is missing")
    requests = errors = 0.0
    buckets: Counter[float] = Counter()
    for line in text.splitlines():
        if not (series := SERIES.match(line)):
            continue
        labels, value = _parse_sample(line)
        if labels.get("route") in ignored:
            continue
        if series[1] == REQUESTS:
            requests += value
            errors += value if labels.get("status", "") >= "5" else 0
        else:
            buckets[float(labels.get("le", "le is missing"))] += int(value)
    return Counts(requests, errors, buckets)


def _parse_sample(line: str) -> tuple[dict[str, str], float]:
    """Split a line into its labels and its value, which must be possible for a counter."""
    if found := LINE.match(line):
        value = float(found[2])
        if isfinite(value) and value >= 0:
            return dict(LABEL.findall(found[1])), value
    raise ValueError(f"{line[:200]!r} is not a valid counter")
