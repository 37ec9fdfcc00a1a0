"""Reads the database's URL: a PostgreSQL server, or an embedded SQLite file."""

from __future__ import annotations

import ssl
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from chassis.environment.local_host import is_local_host

SERVER_SCHEMES = ("postgresql", "postgres", "postgresql+asyncpg")
EMBEDDED_SCHEMES = ("sqlite", "sqlite+aiosqlite")
ENCRYPTED = ("require", "verify-ca", "verify-full")
"""Values of sslmode that never fall back to an unencrypted connection."""
SSL_MODES = ("disable", "allow", "prefer", *ENCRYPTED)
SYSTEM = "system"
"""Value of sslrootcert that means the authorities of the operating system."""
SUPPORTED = (
    *("host", "port", "dbname", "user", "passfile", "service", "target_session_attrs"),
    *("sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslpassword", "sslnegotiation"),
    *("ssl_min_protocol_version", "ssl_max_protocol_version", "krbsrvname", "gsslib"),
    *("application_name", "options"),
)
"""libpq's parameters that asyncpg applies."""
IGNORED = (
    *("channel_binding", "client_encoding", "connect_timeout", "fallback_application_name"),
    *("gssdelegation", "gssencmode", "keepalives", "keepalives_count", "keepalives_idle"),
    *("keepalives_interval", "load_balance_hosts", "max_protocol_version", "min_protocol_version"),
    *("sslcompression", "sslsni", "tcp_user_timeout"),
)
"""libpq's parameters that a connection works without: they are ignored, and logged."""
ADVICE = {
    "password": "must have the password before the @, where it is masked",
    "pgbouncer": "must not have pgbouncer after the ?; set DATABASE_PGBOUNCER=true",
    "hostaddr": "must not have hostaddr after the ?; write the address as the host",
}


def validate_url(url: str) -> str:
    """Return the URL. Raises ValueError, without quoting it, if it cannot be used."""
    parts = urlsplit(url)
    if not url or parts.scheme in EMBEDDED_SCHEMES:
        return url
    if parts.scheme not in SERVER_SCHEMES:
        raise ValueError("must begin with postgresql:// or sqlite:///")
    if parts.netloc.count("@") > 1 or "#" in url:
        raise ValueError("must have its password percent-encoded: @ is %40, # is %23, / is %2F")
    try:
        found = parameters_of(url)
    except ValueError:
        raise ValueError("must have its parameters as ?name=value&name=value") from None
    for name in found.keys() - {*SUPPORTED, *IGNORED}:
        known = f"must not have {name[:40]!r} after the ?, which the driver cannot apply"
        setting = "must have session settings as options=-c%20name%3Dvalue"
        raise ValueError(ADVICE.get(name, f"{known}; {setting}"))
    if found.get("sslmode", "prefer") not in SSL_MODES:
        raise ValueError(f"must have an sslmode that is one of: {', '.join(SSL_MODES)}")
    if found.get("gssencmode") == "require":
        raise ValueError("must not have gssencmode=require: the driver encrypts by TLS only")
    if found.get("sslrootcert") == SYSTEM and found.get("sslmode", "verify-full") != "verify-full":
        raise ValueError("must have sslmode=verify-full together with sslrootcert=system")
    return url


def parameters_of(url: str) -> dict[str, str]:
    """Return the parameters after the `?`, by libpq's names. Raises ValueError."""
    query = urlsplit(url).query
    found = dict(parse_qsl(query, keep_blank_values=True, strict_parsing=True)) if query else {}
    if given := found.pop("ssl", ""):  # other drivers' spelling
        found.setdefault("sslmode", {"true": "require", "false": "disable"}.get(given, given))
    return found


def ignored_parameters(url: str) -> list[str]:
    """List the parameters that are ignored."""
    return [] if is_embedded(url) else sorted(parameters_of(url).keys() & {*IGNORED})


def is_embedded(url: str) -> bool:
    """Return whether the database is embedded in this process; an empty URL is too."""
    return not url or urlsplit(url).scheme in EMBEDDED_SCHEMES


def is_unencrypted(url: str) -> bool:
    """Return whether passwords and rows may cross a network that others can read."""
    found = parameters_of(url)
    if is_embedded(url) or found.get("sslmode") in ENCRYPTED or found.get("sslrootcert") == SYSTEM:
        return False
    hosts = urlsplit(url).netloc.rpartition("@")[2] or found.get("host", "")
    return not all(map(_is_local, hosts.split(",")))


def file_of(url: str) -> str:
    """Return the path of an embedded database's file; empty for a temporary one."""
    path = urlsplit(url).path.removeprefix("/")
    return "" if path == ":memory:" else path


def dsn_of(url: str) -> str:
    """Return the URL in libpq's form, with the parameters that asyncpg applies."""
    found = parameters_of(url)
    system = found.get("sslrootcert") == SYSTEM  # `tls_of` replaces it
    left_out = {*IGNORED, "sslrootcert"} if system else {*IGNORED}
    query = urlencode({name: value for name, value in found.items() if name not in left_out})
    return f"postgresql:{url.partition(':')[2].partition('?')[0]}{query and '?'}{query}"


def tls_of(url: str) -> ssl.SSLContext | None:
    """Return the TLS context for `sslrootcert=system`, unknown to asyncpg; None without it."""
    if parameters_of(url).get("sslrootcert") != SYSTEM:
        return None
    return ssl.create_default_context()  # SSL_CERT_FILE replaces the system's authorities


def _is_local(host: str) -> bool:
    """Return whether a host, with or without a port, is this machine."""
    name = unquote(host)
    bracketed = name.startswith("[")
    return is_local_host(name[1:].partition("]")[0] if bracketed else name.partition(":")[0])
