"""The policy of a circuit breaker: when it opens, for how long, and what closes it."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The policy of one breaker. Raises ValueError for values with which it could not work."""

    failure_ratio: float = Field(default=0.5, gt=0, le=1)
    """Share of the calls in the window whose failure opens the circuit."""
    minimum_calls: int = Field(default=20, ge=1)
    """Calls that must be in the window before the circuit can open."""
    window_calls: int = Field(default=100, ge=1)
    """Most calls in the window: the latest ones."""
    window_seconds: float = Field(default=30.0, gt=0)
    """Longest time in seconds that a call stays in the window."""
    open_seconds: float = Field(default=5.0, gt=0)
    """Seconds without calls after the circuit has opened."""
    jitter: float = Field(default=0.2, ge=0)
    """Share of those seconds that is added at random, so that replicas do not call all at once."""
    permits: int = Field(default=3, ge=1)
    """Trial calls of a half-open circuit; it closes if all of them succeed."""
    trial_seconds: float = Field(default=30.0, gt=0)
    """Seconds after which a trial call counts as failed; longer than a call may take."""

    @model_validator(mode="after")
    def _can_open(self) -> Self:
        if self.minimum_calls > self.window_calls:
            raise ValueError("minimum_calls must not exceed window_calls, or it never opens")
        return self
