"""Logs once that a proxy's headers are ignored, which otherwise shows only in wrong addresses."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import IPvAnyNetwork

log = structlog.get_logger("chassis.server")

FORWARDED = {b"x-forwarded-for", b"x-forwarded-proto"}
IGNORED = b"x-forwarded-ignored"
"""Header in which the service's nginx sends the address of a proxy that it does not trust."""


class ForwardedHeaders:
    """Checks the headers of each request, until it has logged a line."""

    def __init__(self, trusted: Iterable[IPvAnyNetwork]) -> None:
        self.trusted = [*trusted]
        self.is_settled = False
        """Whether the line has been logged."""

    def check(self, peer: str, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Log the first time that an untrusted peer sends forwarded headers."""
        given = dict(headers)
        if FORWARDED.isdisjoint(given):
            return
        setting = "SERVER_TRUSTED_PROXIES"
        if any(ip_address(peer) in network for network in self.trusted):
            peer = given.get(IGNORED, b"").decode("latin-1")
            setting = "TRUSTED_PROXIES"
        if peer:
            self.is_settled = True
            advice = f"if it is your proxy, add its address or network to {setting}"
            log.warning("forwarded headers ignored", proxy=peer, advice=advice)
