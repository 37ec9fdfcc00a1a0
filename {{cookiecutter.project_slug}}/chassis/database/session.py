"""One transaction per request, committed before the response is sent, or rolled back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import structlog
from fastapi import Depends
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from starlette.requests import Request  # noqa: TC002 - FastAPI reads the annotation

from chassis.database.pool import PoolOverloaded
from chassis.database.unavailable import is_transient, overloaded, unavailable
from chassis.exchange import AFTER_TRANSACTION  # if cache
from chassis.service import service_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy.orm import Session as SyncSession

log = structlog.get_logger(__name__)


async def session(request: Request) -> AsyncIterator[AsyncSession]:
    """Provide a session; commit when the route has returned, roll back if it raised.

    Roll back too if the client has disconnected: it would never get the response. Raises `Problem`
    503 if the database does not respond in time, or is expected not to.
    """
    transaction: AsyncSession = service_of(request).resources[async_sessionmaker]()
    after = request.scope.setdefault(AFTER_TRANSACTION, [])  # if cache
    try:
        try:
            yield transaction
            if await request.is_disconnected():
                log.info("rolled back: the client has disconnected")
                await transaction.close()
            else:
                await transaction.run_sync(commit_and_close)
        except BaseException:
            async with transaction:  # its exit rolls back, also while this task is cancelled
                raise
    except PoolOverloaded as error:  # the pool logs it, at intervals
        raise overloaded() from error
    except SQLAlchemyError as error:
        if not is_transient(error):
            raise
        log.warning("database unavailable", error=type(error).__name__, exc_info=error)
        raise unavailable() from error
    finally:  # if cache
        request.scope.pop(AFTER_TRANSACTION, None)  # if cache
        for call in after:  # if cache
            await call()  # if cache


def commit_and_close(transaction: SyncSession) -> None:
    """Commit and return the connection to the pool.

    In one call, because each call from async code costs a greenlet switch, and without the task
    that the exit of `async with` creates for every request.
    """
    transaction.commit()
    transaction.close()


Session = Annotated[AsyncSession, Depends(session, scope="function")]
"""The transaction of the request: `async def route(session: Session)`.

It ends before the response is sent; later use raises `InvalidRequestError`. A streamed response
opens a session of its own, as docs/develop.md shows."""
