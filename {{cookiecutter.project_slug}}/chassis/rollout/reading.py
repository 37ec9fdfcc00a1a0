"""What a gate measured, beside its limit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reading:
    """What a gate saw, and what it tolerates."""

    gate: str
    value: float
    limit: float | None = None
    """None if it only informs."""

    @property
    def fails(self) -> bool:
        """Whether the release must not stay."""
        return self.limit is not None and self.value > self.limit

    def __str__(self) -> str:
        """Write it for people."""
        limit = "" if self.limit is None else f" (limit {self.limit:.4g})"
        return f"{self.gate} {self.value:.4g}{limit}"
