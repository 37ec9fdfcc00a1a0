"""Validates the base URL of a service to call."""

from __future__ import annotations

from urllib.parse import urlsplit


def validate_base_url(url: str) -> str:
    """Return the URL unchanged. Raises ValueError, which does not repeat it."""
    if not url:
        return url
    try:
        parts = urlsplit(url)
        port = parts.port  # is parsed only now
    except ValueError:
        raise ValueError("has no valid host and port") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise ValueError("must be like http://host, http://host:8000/path or https://host")
    if "@" in parts.netloc:
        raise ValueError("must have no user and no password; give them to the client as `auth`")
    if parts.query or parts.fragment:
        raise ValueError("must end with its path, without ? and #")
    return url
