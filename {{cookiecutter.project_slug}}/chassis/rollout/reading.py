"""A value that a gate measured, and its limit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reading:
    """One measured value, and the limit of its gate."""

    gate: str
    value: float
    limit: float | None = None
    """None if it is shown for information only."""
    shown: str = ""
    """Text for operators instead of name and value."""

    @property
    def exceeds_limit(self) -> bool:
        """Whether the release has to be rolled back."""
        return self.limit is not None and self.value > self.limit

    def __str__(self) -> str:
        """Format it for operators."""
        limit = "" if self.limit is None else f" (limit {self.limit:.4g})"
        return f"{self.shown or f'{self.gate} {self.value:.4g}'}{limit}"
