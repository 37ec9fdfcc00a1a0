"""A server and its baseline, saturated at the same time on the same core.

What else a shared machine does at that time hits both alike, so the ratio of what a request cost
them is steady where neither figure is.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.processes import HELLO, saturate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.processes import Program, Request


@dataclass(frozen=True)
class Effort:
    """How long is measured."""

    rounds: int = 3
    """Times that both are started again."""
    epochs: int = 4
    """Parts of a round that are counted apart."""
    seconds: float = 1.0
    """Length of an epoch."""
    warm: float = 0.8
    """Seconds under load before the first epoch."""


@dataclass(frozen=True)
class Comparison:
    """How many requests the one serves in the time in which the baseline serves one."""

    ratio: float
    least: float
    most: float
    microseconds: float
    """Median of the time on the core that a request took."""
    baseline_microseconds: float
    requests: int
    failed: int

    def row(self) -> dict[str, Any]:
        """Write it as JSON has it."""
        return asdict(self)

    def line(self, name: str) -> str:
        """Tell it to who waits."""
        return (
            f"{name:18} {self.ratio:5.2f} ({self.least:.2f} to {self.most:.2f})"
            f" {self.microseconds:6.1f} µs, base {self.baseline_microseconds:.1f} µs,"
            f" {self.failed} failed of {self.requests}"
        )


def compare(
    program: Program,
    baseline: Program,
    effort: Effort,
    asked: Sequence[Request] = HELLO,
    asked_of_baseline: Sequence[Request] | None = None,
) -> Comparison:
    """Measure both against each other."""
    seen = []
    for _ in range(effort.rounds):
        with (
            program.running(asked) as one,
            baseline.running(asked_of_baseline or asked) as other,
        ):
            seen += saturate(
                {"one": one, "other": other},
                warm=effort.warm,
                epochs=effort.epochs,
                seconds=effort.seconds,
            )
    own = [it["one"]["cpu"] / it["one"]["answered"] / 1000 for it in seen]
    others = [it["other"]["cpu"] / it["other"]["answered"] / 1000 for it in seen]
    ratios = [theirs / ours for ours, theirs in zip(own, others, strict=True)]
    return Comparison(
        ratio=median(ratios),
        least=min(ratios),
        most=max(ratios),
        microseconds=median(own),
        baseline_microseconds=median(others),
        requests=sum(it["one"]["answered"] for it in seen),
        failed=sum(it["one"]["failed"] + it["other"]["failed"] for it in seen),
    )
