"""What an instance says it has answered: its own counters and histogram, added up."""

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
    """Answers to users, and how long they took."""

    requests: float = 0
    errors: float = 0
    """Answers of 500 and more."""
    buckets: Counter[float] = field(default_factory=Counter)
    """Answers within so many seconds."""

    def __add__(self, other: Counts) -> Counts:
        """Take two instances together."""
        buckets = Counter(self.buckets)
        buckets.update(other.buckets)
        return Counts(self.requests + other.requests, self.errors + other.errors, buckets)

    def __sub__(self, other: Counts) -> Counts:
        """Leave out what there was before."""
        buckets = Counter(self.buckets)
        buckets.subtract(other.buckets)
        return Counts(self.requests - other.requests, self.errors - other.errors, buckets)

    def fell_below(self, other: Counts) -> bool:
        """Whether something is less than it was, as after a restart."""
        buckets = (self.buckets[bound] < count for bound, count in other.buckets.items())
        return self.requests < other.requests or self.errors < other.errors or any(buckets)

    def error_ratio(self, least: float) -> float:
        """Errors among the requests; if these are fewer than `least`, as if the rest went well."""
        return self.errors / max(self.requests, least, 1)

    def quantile(self, fraction: float, least: float) -> float:
        """Seconds within which that fraction was answered, interpolated within a bucket.

        Requests missing to `least` count as answered at once: a few cannot be called slow.
        """
        missing = max(0.0, least - self.requests)
        rank = fraction * (self.requests + missing) - missing
        bounds = [(0.0, 0.0), *sorted(self.buckets.items())]
        for (low, below), (high, within) in pairwise(bounds):
            if within >= rank > below:
                return (
                    low if high == inf else low + (high - low) * (rank - below) / (within - below)
                )
        return 0.0


def parse(text: str, ignored: Collection[str] = ()) -> Counts:
    """Read the usual text format, without the routes that are ignored.

    Raises ValueError if it lacks a metric or has a line that says no number: taken for zero, that
    would make a bad release look good, or an old one look worse than it is.
    """
    for name in (REQUESTS, SECONDS):
        if name not in text:
            raise ValueError(f"{name} is missing")
    requests = errors = 0.0
    buckets: Counter[float] = Counter()
    for line in text.splitlines():
        if not (series := SERIES.match(line)):
            continue
        labels, value = _sample(line)
        if labels.get("route") in ignored:
            continue
        if series[1] == REQUESTS:
            requests += value
            errors += value if labels.get("status", "") >= "5" else 0
        else:
            buckets[float(labels.get("le", "no bound"))] += int(value)
    return Counts(requests, errors, buckets)


def _sample(line: str) -> tuple[dict[str, str], float]:
    """Split a line into labels and value, which must be one that a counter can have."""
    if found := LINE.match(line):
        value = float(found[2])
        if isfinite(value) and value >= 0:
            return dict(LABEL.findall(found[1])), value
    raise ValueError(f"{line[:200]!r} is no count")
