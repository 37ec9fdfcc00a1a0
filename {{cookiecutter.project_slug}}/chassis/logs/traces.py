"""Which trace a line belongs to: that of the caller, until a feature traces by itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chassis.exchange import Trace

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from chassis.exchange import Exchange

    Running: TypeAlias = Callable[[Exchange | None], Trace | None]
    """Names the span that runs now; None if none is known."""

TRACEPARENT = re.compile(
    rb"(?:00(?=.{53}$)|(?!00|ff)[0-9a-f]{2})"  # later versions may append to what the first has
    rb"-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?"
)
"""A header of W3C Trace Context: version, trace, span, flags."""


def inbound(exchange: Exchange | None) -> Trace | None:
    """Read the caller's span from a well-formed `traceparent`."""
    if exchange is None or not (given := exchange.headers.get(b"traceparent")):
        return None
    well_formed = TRACEPARENT.fullmatch(given)
    return Trace(*map(bytes.decode, well_formed.groups())) if well_formed else None
