"""A circuit breaker: stops calls to a failing dependency, and admits a few trial calls later."""

from __future__ import annotations

from chassis.breaker.breaker import Breaker
from chassis.breaker.circuit import CircuitOpen
from chassis.breaker.policy import Policy

__all__ = ["Breaker", "CircuitOpen", "Policy"]
