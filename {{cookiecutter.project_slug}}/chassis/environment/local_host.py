"""Distinguishes this machine from others, which are reached over a network."""

from __future__ import annotations

from ipaddress import ip_address


def is_local_host(host: str) -> bool:
    """Return whether a host is this machine: a loopback address, or the path of a Unix socket."""
    if host.startswith("/"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
