"""Reads the database's URL: a PostgreSQL server, or an embedded SQLite file."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

SERVER_SCHEMES = ("postgresql", "postgres", "postgresql+asyncpg")
EMBEDDED_SCHEMES = ("sqlite", "sqlite+aiosqlite")


def validate_url(url: str) -> str:
    """Return the URL. Raises ValueError, without quoting it, if it cannot be used."""
    parts = urlsplit(url)
    if not url or parts.scheme in EMBEDDED_SCHEMES:
        return url
    if parts.scheme not in SERVER_SCHEMES:
        raise ValueError("must begin with postgresql:// or sqlite:///")
    if parts.netloc.count("@") > 1 or "#" in url:
        raise ValueError("must have a password percent-encoded: @ is %40, # is %23, / is %2F")
    if "password" in parse_qs(parts.query, keep_blank_values=True):
        raise ValueError("must have the password before the @, where logs mask it")
    return url


def is_embedded(url: str) -> bool:
    """Tell whether the database is embedded in this process, as with an empty URL."""
    return not url or urlsplit(url).scheme in EMBEDDED_SCHEMES


def file_of(url: str) -> str:
    """Return the path of an embedded database's file; empty for a temporary one."""
    path = urlsplit(url).path.removeprefix("/")
    return "" if path == ":memory:" else path


def dsn_of(url: str) -> str:
    """Return the URL in libpq's form, of which asyncpg reads all parameters."""
    return f"postgresql:{url.partition(':')[2]}"
