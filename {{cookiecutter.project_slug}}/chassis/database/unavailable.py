"""Tells what may pass by itself from what is wrong: the one is a 503, the other an error."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from chassis.problems import Problem

TRANSIENT_STATES = (
    "08",  # the connection failed
    "40",  # rolled back: a deadlock, or a transaction that could not be put in order
    "53",  # out of connections, memory or disk
    "55P03",  # a lock was not to be had in time
    "57",  # an operator stepped in: shut down, starting up, statement timeout
)
"""Beginnings of SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html"""


def is_transient(error: SQLAlchemyError) -> bool:
    """Tell whether the same request may succeed in a moment."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, PoolTimeout)
    busy = str(getattr(error.orig, "sqlite_errorname", "")).startswith("SQLITE_BUSY")
    gone = error.connection_invalidated or isinstance(error.orig, OSError)
    return busy or gone or sqlstate(error).startswith(TRANSIENT_STATES)


def sqlstate(error: DBAPIError) -> str:
    """Give the five letters that say what went wrong; none if no server said so."""
    return getattr(error.orig, "sqlstate", None) or ""


def unavailable() -> Problem:
    """Make the problem of a database that cannot be reached in time."""
    detail = "The database did not answer in time: whether anything was changed is not certain."
    return Problem(503, detail, type="/problems/database-unavailable", headers={"retry-after": "1"})
