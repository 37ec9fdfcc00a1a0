"""One transaction a request: committed before the answer is sent, or it never was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import structlog
from fastapi import Depends
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from starlette.requests import Request  # noqa: TC002 - FastAPI reads the annotation

from chassis.database.unavailable import is_passing, unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

log = structlog.get_logger(__name__)


async def session(request: Request) -> AsyncIterator[AsyncSession]:
    """Hand out a session; commit when the route has returned, roll back whatever it raised.

    A client that hung up meanwhile will never hear of a success, so there is none. Raises
    `Problem` 503 where the database cannot be reached in time.
    """
    make = request.app.service.resources[async_sessionmaker]
    try:
        async with make() as transaction:
            yield transaction
            if await request.is_disconnected():
                log.info("rolled back: the client has gone")
            else:
                await transaction.commit()
    except SQLAlchemyError as error:
        if not is_passing(error):
            raise
        log.warning("database unavailable", error=type(error).__name__, exc_info=error)
        raise unavailable() from error


Session = Annotated[AsyncSession, Depends(session, scope="function")]
"""The request's transaction: `async def route(session: Session)`. It is over before an answer is
sent, and raises `InvalidRequestError` if it is used then. A stream opens a session of its own, as
docs/operations.md shows."""
