"""Parses address and headers of the collector, as variables give them."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

TRACES_PATH = "/v1/traces"
"""Where a collector takes traces: https://opentelemetry.io/docs/specs/otlp/#otlphttp-request."""


def complete_endpoint(url: str) -> str:
    """Validate the address of a collector, and add the path that it lacks. Raises ValueError."""
    if not url:
        return url
    try:
        parts = urlsplit(url)
        valid = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise ValueError("should be like http://collector:4318")
    if parts.username or parts.password or parts.query:
        raise ValueError("should have no user and no query; set TRACING_HEADERS for credentials")
    return url if parts.path.endswith(TRACES_PATH) else url.rstrip("/") + TRACES_PATH


def parse_headers(text: str) -> dict[str, str]:
    """Parse `name=value,name=value`, percent-encoded. Raises ValueError that repeats no value."""
    headers = {}
    for pair in filter(None, map(str.strip, text.split(","))):
        name, equals, value = (unquote(part).strip() for part in pair.partition("="))
        if not (name and equals and f"{name}{value}".isprintable() and f"{name}{value}".isascii()):
            raise ValueError("should be pairs such as api-key=KEY,tenant=blue")
        headers[name] = value
    return headers
