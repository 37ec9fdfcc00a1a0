"""Stops calling what keeps failing, and lets a few calls try it again after a pause."""

from __future__ import annotations

from chassis.breaker.breaker import Breaker
from chassis.breaker.circuit import CircuitOpen
from chassis.breaker.policy import Policy

__all__ = ["Breaker", "CircuitOpen", "Policy"]
