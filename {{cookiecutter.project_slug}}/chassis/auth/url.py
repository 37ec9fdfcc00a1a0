"""Validates the URLs of issuers and their keys."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


def validate_issuer_url(url: str) -> str:
    """Return the URL unchanged. Raises ValueError, which does not repeat it.

    It has no `?`, `#` or password: an issuer is compared character by character, and logged.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port  # is parsed only now
    except ValueError:
        raise ValueError("has no valid host and port") from None
    invalid = parts.scheme not in {"http", "https"} or not host or port == 0 or not url.isascii()
    if url and (invalid or "@" in parts.netloc or "?" in url or "#" in url or " " in url):
        raise ValueError("must be like https://login.example.com/realm, and no more")
    return url


def is_secure_url(url: str) -> bool:
    """Return whether nobody between here and there can change the response."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname == "localhost":
        return True
    try:
        return ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False
