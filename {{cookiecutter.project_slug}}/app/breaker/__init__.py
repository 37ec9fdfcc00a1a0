"""Stops calling what keeps failing, and lets a few calls try it again after a pause."""

from __future__ import annotations

from app.breaker.breaker import Breaker
from app.breaker.circuit import CircuitOpen
from app.breaker.policy import Policy

__all__ = ["Breaker", "CircuitOpen", "Policy"]
