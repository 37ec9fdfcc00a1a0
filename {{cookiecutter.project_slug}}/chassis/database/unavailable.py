"""Distinguishes transient errors, which become a 503, from all others."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from chassis.problems import Problem, ProblemType

DATABASE_UNAVAILABLE = ProblemType(
    "database-unavailable",
    "Database unavailable",
    "The database did not answer in time, so it is not certain whether anything was changed. "
    "Read before you retry a change, and wait for the seconds in Retry-After.",
)
TRANSIENT_STATES = (
    "08",  # the connection failed
    "28",  # the login was refused, as while the password is changed
    "40",  # rolled back: a deadlock, or a serialization failure
    "53",  # out of connections, memory or disk
    "55P03",  # lock timeout
    "57",  # operator intervention: shutdown, start-up, statement timeout
)
"""Prefixes of SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html"""


def is_transient(error: SQLAlchemyError) -> bool:
    """Return whether a retry of the same request may succeed."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, PoolTimeout)
    busy = str(getattr(error.orig, "sqlite_errorname", "")).startswith("SQLITE_BUSY")
    gone = error.connection_invalidated or isinstance(error.orig, OSError)
    return busy or gone or sqlstate(error).startswith(TRANSIENT_STATES)


def sqlstate(error: DBAPIError) -> str:
    """Return the SQLSTATE; empty if the error is not a server's."""
    return getattr(error.orig, "sqlstate", None) or ""


def unavailable() -> Problem:
    """Return the problem for a database that does not respond in time."""
    detail = "The database did not answer in time: whether anything was changed is not certain."
    return Problem(503, detail, type=DATABASE_UNAVAILABLE, headers={"retry-after": "1"})


def overloaded() -> Problem:
    """Return the problem for a request that would wait too long for a connection."""
    detail = "Too many requests wait for the database; this one has changed nothing."
    return Problem(503, detail, headers={"retry-after": "1"})
