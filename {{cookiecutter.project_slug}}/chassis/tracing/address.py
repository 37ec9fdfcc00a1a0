"""Reads how the collector is written in variables: its address, and the headers it asks for."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

PATH = "/v1/traces"
"""Where a collector takes traces: https://opentelemetry.io/docs/specs/otlp/#otlphttp-request."""


def base(url: str) -> str:
    """Return an address that can be used, its path complete. Raises ValueError."""
    if not url:
        return url
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("should be like http://collector:4318")
    if parts.username or parts.password or parts.query:
        raise ValueError("should have no user and no query; set TRACING_HEADERS for credentials")
    return url if parts.path.endswith(PATH) else url.rstrip("/") + PATH


def pairs(text: str) -> dict[str, str]:
    """Read `name=value,name=value`, percent-encoded. Raises ValueError that repeats nothing."""
    read = {}
    for pair in filter(None, map(str.strip, text.split(","))):
        name, equals, value = (unquote(part).strip() for part in pair.partition("="))
        if not (name and equals and f"{name}{value}".isprintable() and f"{name}{value}".isascii()):
            raise ValueError("should be pairs such as api-key=KEY,tenant=blue")
        read[name] = value
    return read
