"""Validates the URLs of other services."""

from __future__ import annotations

from urllib.parse import urlsplit

from chassis.environment.local_host import is_local_host

UNENCRYPTED = (
    "begins with http://, so others on the network can read and change what is sent. Use "
    "https://, or set SERVICE_PRIVATE_NETWORK=true."
)


def validate_http_url(url: str) -> str:
    """Return the URL unchanged. Raises ValueError, which does not repeat it.

    It has no `?`, `#` or password: paths are appended to it, and it is logged.
    """
    if not url:
        return url
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port  # is parsed only now
    except ValueError:
        raise ValueError("has no valid host and port") from None
    if parts.scheme not in {"http", "https"} or not host or port == 0 or not url.isascii():
        raise ValueError("must be like http://host:8000/path or https://host")
    if any(character in url for character in "@?# "):
        raise ValueError("must have no user, no password, and nothing after the path")
    return url


def is_unencrypted(url: str) -> bool:
    """Return whether requests to this URL are unencrypted on a network that others may read."""
    parts = urlsplit(url)
    return parts.scheme == "http" and not is_local_host(parts.hostname or "")
