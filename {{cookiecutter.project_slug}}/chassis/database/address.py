"""Where the database is: PostgreSQL for real, SQLite embedded, told by the URL alone."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

SERVER = ("postgresql", "postgres", "postgresql+asyncpg")
EMBEDDED = ("sqlite", "sqlite+aiosqlite")


def checked(url: str) -> str:
    """Give the URL back. Raises ValueError, without quoting it, if it cannot be used."""
    parts = urlsplit(url)
    if not url or parts.scheme in EMBEDDED:
        return url
    if parts.scheme not in SERVER:
        raise ValueError("must begin with postgresql:// or sqlite:///")
    if parts.netloc.count("@") > 1 or "#" in url:
        raise ValueError("must have a password percent-encoded: @ is %40, # is %23, / is %2F")
    if "password" in parse_qs(parts.query, keep_blank_values=True):
        raise ValueError("must have the password before the @, where logs know to mask it")
    return url


def is_embedded(url: str) -> bool:
    """Tell whether the database lives in this process; the empty URL is such a one."""
    return not url or urlsplit(url).scheme in EMBEDDED


def file_of(url: str) -> str:
    """Path of an embedded database's file; empty for one that lasts as long as the process."""
    path = urlsplit(url).path.removeprefix("/")
    return "" if path == ":memory:" else path


def dsn_of(url: str) -> str:
    """The URL as libpq writes it, which asyncpg reads with all its parameters."""
    return f"postgresql:{url.partition(':')[2]}"
