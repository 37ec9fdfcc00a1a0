"""Tells this machine from others, to which a connection crosses a network."""

from __future__ import annotations

from ipaddress import ip_address


def is_local_host(host: str) -> bool:
    """Tell whether a host is this machine: its loopback, or the path of a Unix socket."""
    if host.startswith("/"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
