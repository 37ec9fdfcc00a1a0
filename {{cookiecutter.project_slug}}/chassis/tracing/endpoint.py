"""Parses URL and headers of the collector from variables."""

from __future__ import annotations

from urllib.parse import unquote

from chassis.environment.url import validate_http_url

TRACES_PATH = "/v1/traces"
"""Path at which a collector accepts traces: https://opentelemetry.io/docs/specs/otlp/#otlphttp-request."""


def complete_endpoint(url: str) -> str:
    """Validate the URL of a collector, and add the path if it is missing. Raises ValueError."""
    validate_http_url(url)
    complete = not url or url.endswith(TRACES_PATH)
    return url if complete else url.rstrip("/") + TRACES_PATH


def parse_headers(text: str) -> dict[str, str]:
    """Parse `name=value,name=value`, percent-encoded. Raises ValueError that repeats no value."""
    headers = {}
    for pair in filter(None, map(str.strip, text.split(","))):
        name, equals, value = (unquote(part).strip() for part in pair.partition("="))
        if not (name and equals and f"{name}{value}".isprintable() and f"{name}{value}".isascii()):
            raise ValueError("should be pairs such as api-key=KEY,tenant=blue")
        headers[name] = value
    return headers
