"""Judges the addresses that keys come from."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


def valid(url: str) -> str:
    """Return an address that keys can be fetched from. Raises ValueError that does not repeat it.

    It has no `?`, `#` or password: an issuer is compared to the letter, and shown in logs.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port  # is parsed only now
    except ValueError:
        raise ValueError("has no valid host and port") from None
    odd = parts.scheme not in {"http", "https"} or not host or port == 0 or not url.isascii()
    if url and (odd or "@" in parts.netloc or "?" in url or "#" in url or " " in url):
        raise ValueError("must be like https://login.example.com/realm, and no more")
    return url


def is_private(url: str) -> bool:
    """Tell whether nobody on the way to this address can change what it answers."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname == "localhost":
        return True
    try:
        return ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False
