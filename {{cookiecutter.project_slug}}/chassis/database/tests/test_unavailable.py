from __future__ import annotations

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from chassis.database.unavailable import is_transient


class Refusal(Exception):  # noqa: N818 - it is one, of any kind
    """As drivers raise it."""

    def __init__(self, sqlstate: str = "", sqlite_errorname: str = "") -> None:
        self.sqlstate = sqlstate
        self.sqlite_errorname = sqlite_errorname


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (PoolTimeout(), True),
        (OperationalError(None, None, TimeoutError()), True),
        (DBAPIError(None, None, Refusal(), connection_invalidated=True), True),
        *((DBAPIError(None, None, Refusal(s)), True) for s in ("08006", "28P01", "40P01")),
        *((DBAPIError(None, None, Refusal(s)), True) for s in ("53300", "55P03", "57014")),
        (OperationalError(None, None, Refusal(sqlite_errorname="SQLITE_BUSY_SNAPSHOT")), True),
        (IntegrityError(None, None, Refusal("23505")), False),
        (DBAPIError(None, None, Refusal("42P01")), False),
        (DBAPIError(None, None, Refusal("55000")), False),
        (SQLAlchemyError(), False),
    ],
)
def test_only_what_may_pass_by_itself_is_a_reason_to_come_back(
    error: SQLAlchemyError, *, passes: bool
) -> None:
    assert is_transient(error) is passes
