"""The process: where it listens, how long it waits for whom, and how it ends."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Le
from pydantic import field_validator

from chassis.environment import Names
from chassis.service import Feature

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.service import Service

Port = Annotated[int, Ge(0), Le(65535)]
Seconds = Annotated[float, Ge(0), Le(3600)]


class Server(Feature):
    """One process with one event loop; replicas make more of them."""

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: Port = 8000
    """TCP port to listen on; 0 takes any free one and logs which."""
    drain_seconds: Seconds = 5
    """Seconds between SIGTERM and closing the port: more than any load balancer needs to notice."""
    grace_seconds: Annotated[int, Ge(1)] = 20
    """Seconds that running requests get to finish once the port is closed."""
    keep_alive_seconds: Annotated[int, Ge(1)] = 75
    """Seconds an idle connection is kept: longer than the proxy in front keeps its own."""
    read_seconds: Annotated[int, Ge(1)] = 10
    """Seconds a client may take for a request's head, and for its body unless 1 kB/s arrive."""
    max_head_bytes: Annotated[int, Ge(1024)] = 16_384
    """Bytes that a request's line and headers may have together."""
    max_message_bytes: Annotated[int, Ge(1)] = 1_048_576
    """Bytes that a message of a WebSocket may have; a longer one closes it with code 1009."""
    trusted_proxies: Names = ()
    """Addresses or networks whose X-Forwarded-For and X-Forwarded-Proto are believed."""

    def insecure(self) -> Iterator[tuple[str, str]]:
        """Refuse to believe every client about who it is."""
        if any(ip_network(proxy).prefixlen == 0 for proxy in self.trusted_proxies):
            advice = "is every network: any client may forge its address. Name the proxy's."
            yield "trusted_proxies", advice

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in proxies:
            try:
                ip_network(proxy)
            except ValueError as error:
                raise ValueError("should be addresses or networks such as 10.0.0.0/8") from error
        return proxies

    def serve(self, service: Service) -> int:
        """Run until a signal ends it; return the exit code: 0 after a clean stop."""
        from chassis.server.process import Process  # noqa: PLC0415 - the other commands do without it

        return Process(self, service).serve_until_signalled()
