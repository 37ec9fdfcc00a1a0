"""Reads the caller's span from a request: W3C Trace Context."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chassis.exchange import Trace

if TYPE_CHECKING:
    from chassis.exchange import Exchange

TRACEPARENT = re.compile(
    rb"(?:00(?=.{53}$)|(?!00|ff)[0-9a-f]{2})"  # later versions may append fields
    rb"-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?"
)
"""Version, trace id, span id, flags: https://www.w3.org/TR/trace-context/#traceparent-header."""


def caller_trace(exchange: Exchange | None) -> Trace | None:
    """Return the caller's span if the request has a well-formed `traceparent`."""
    if exchange is None or not (header := exchange.headers.get(b"traceparent")):
        return None
    well_formed = TRACEPARENT.fullmatch(header)
    return Trace(*map(bytes.decode, well_formed.groups())) if well_formed else None
