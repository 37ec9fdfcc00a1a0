"""Decides which traces are kept: an exchange decides once, and all within it follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, Sampler, TraceIdRatioBased

from chassis.exchange import current

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.sampling import SamplingResult


class ByExchange(Sampler):
    """Keeps a trace that begins here if its exchange is traced; outside of one, by chance."""

    def __init__(self, ratio: float) -> None:
        """Keep this share of what begins outside of exchanges."""
        self._chance = TraceIdRatioBased(ratio)

    def should_sample(self, *arguments: Any, **named: Any) -> SamplingResult:  # noqa: ANN401 - passed on
        """Decide, as the library asks."""
        exchange = current.get()
        sampler: Sampler = self._chance
        if exchange is not None and exchange.trace is not None:
            sampler = ALWAYS_ON if exchange.trace.sampled else ALWAYS_OFF
        return sampler.should_sample(*arguments, **named)

    def get_description(self) -> str:
        """Name itself, as the library asks."""
        return f"ByExchange{{{self._chance.rate}}}"
