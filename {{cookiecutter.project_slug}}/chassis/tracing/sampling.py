"""Decides which traces are sampled: once for each exchange, and all spans within it follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, Sampler, TraceIdRatioBased

from chassis.exchange import current

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.sampling import SamplingResult


class ExchangeSampler(Sampler):
    """Samples a root span as its exchange was; outside of an exchange, by ratio."""

    def __init__(self, ratio: float) -> None:
        """Take the share of root spans outside of exchanges that is sampled."""
        self._ratio_sampler = TraceIdRatioBased(ratio)

    def should_sample(self, *arguments: Any, **named: Any) -> SamplingResult:  # noqa: ANN401 - passed on
        """Decide; the SDK calls it for each root span."""
        exchange = current.get()
        sampler: Sampler = self._ratio_sampler
        if exchange is not None and exchange.trace is not None:
            sampler = ALWAYS_ON if exchange.trace.sampled else ALWAYS_OFF
        return sampler.should_sample(*arguments, **named)

    def get_description(self) -> str:
        """Describe itself; the SDK asks for it."""
        return f"ExchangeSampler{{{self._ratio_sampler.rate}}}"
