"""The HTTP server: its listener, its timeouts and limits, and how it stops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, IPvAnyNetwork

from chassis.service import Feature

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.service import Service

__all__ = ["CLOSE_SECONDS", "EXIT_SECONDS", "Server"]

CLOSE_SECONDS = 4
"""Seconds that all features together have to close."""
EXIT_SECONDS = 1
"""Seconds after which the exit watchdog ends an interpreter that waits for threads or tasks."""

Port = Annotated[int, Field(ge=0, le=65535)]
WholeSeconds = Annotated[int, Field(ge=1, le=86_400)]


class Server(Feature):
    """One process with one event loop; replicas make more of them."""

    host: str = "127.0.0.1"
    """Address to listen on, or several such as 0.0.0.0,:: for all of IPv4 and of IPv6."""
    port: Port = 8000
    """TCP port to listen on; 0 takes any free one and logs which."""
    drain_seconds: Annotated[float, Field(ge=0, le=3600)] = 5
    """Seconds between SIGTERM and closing the listener: more than load balancers need to notice."""
    grace_seconds: WholeSeconds = 20
    """Seconds that requests in flight have to finish after the listener is closed."""
    keep_alive_seconds: WholeSeconds = 75
    """Seconds that an idle connection is kept: longer than the reverse proxy keeps its own."""
    read_seconds: WholeSeconds = 10
    """Seconds that a client may take for a request's headers, and for its body if below 1 kB/s."""
    max_head_bytes: Annotated[int, Field(ge=1024)] = 16_384
    """Most bytes of a request's line and headers together."""
    max_message_bytes: Annotated[int, Field(ge=1)] = 1_048_576
    """Most bytes of a WebSocket message; a longer one closes the WebSocket with code 1009."""
    root_path: Annotated[str, Field(pattern=r"^(/[A-Za-z0-9._~-]+)*$")] = ""
    """Prefix that a proxy strips, such as /shop; Location, redirects and OpenAPI begin with it."""
    trusted_proxies: tuple[IPvAnyNetwork, ...] = ()
    """Addresses or networks, such as 10.0.0.0/8, whose X-Forwarded-For and -Proto are trusted."""

    def insecure(self) -> Iterator[tuple[str, str]]:
        """Reject trusting every client."""
        if any(proxy.prefixlen == 0 for proxy in self.trusted_proxies):
            advice = "trusts every network: any client can forge its address. Set the proxy's."
            yield "trusted_proxies", advice

    def serve(self, service: Service) -> int:
        """Serve until SIGTERM or SIGINT; return the exit code: 0 after a clean stop."""
        from chassis.server.draining_server import DrainingServer  # noqa: PLC0415 - the other commands do not need it

        return DrainingServer(self, service).serve_until_signalled()
