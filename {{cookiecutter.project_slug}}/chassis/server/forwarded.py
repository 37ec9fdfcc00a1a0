"""Logs once that the word of a proxy is not taken, which otherwise shows in addresses alone."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Iterable

log = structlog.get_logger("chassis.server")

FORWARDED = {b"x-forwarded-for", b"x-forwarded-proto"}
IGNORED = b"x-forwarded-ignored"
"""With it our own nginx tells whose word it has not taken."""


class ForwardedHeaders:
    """Looks at the headers of a request, until there was something to say."""

    def __init__(self, trusted: Iterable[str]) -> None:
        self.trusted = [ip_network(it) for it in trusted]
        self.is_settled = False
        """Whether the line has been logged."""

    def check(self, peer: str, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Log the first time that a peer says who the client is and is not trusted."""
        given = dict(headers)
        setting = "SERVER_TRUSTED_PROXIES"
        if not FORWARDED.isdisjoint(given) and self._trusts(peer):
            peer = given.get(IGNORED, b"").decode("latin-1")
            setting = "TRUSTED_PROXIES"
        elif FORWARDED.isdisjoint(given):
            return
        if peer:
            self.is_settled = True
            advice = f"if it is your proxy, name its address or network in {setting}"
            log.warning("forwarded headers ignored", proxy=peer, advice=advice)

    def _trusts(self, peer: str) -> bool:
        try:
            address = ip_address(peer)
        except ValueError:  # a socket that has no address
            return True
        return any(address in network for network in self.trusted)
