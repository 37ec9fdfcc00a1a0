"""The queue of an embedded database: in memory, and gone with the process."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from procrastinate.exceptions import AlreadyEnqueued
from sqlalchemy import event

from chassis.jobs.origin import origin

if TYPE_CHECKING:
    from procrastinate import App
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import Session, SessionTransaction

    from chassis.jobs.queue import Entry
    from chassis.service import Service


class MemoryQueue:
    """Jobs wait in memory, from the moment at which their transaction commits."""

    def __init__(self, service: Service, app: App) -> None:
        self._service = service
        self._app = app
        self._pending: WeakKeyDictionary[Session, list[tuple[Any, Entry]]] = WeakKeyDictionary()
        self._tasks: set[asyncio.Task[None]] = set()

    async def add(self, session: AsyncSession, entry: Entry) -> str:
        """Keep the job until the transaction ends."""
        await session.connection()  # begins the transaction that is to commit
        sync = session.sync_session
        if sync not in self._pending:
            self._pending[sync] = []
            event.listen(sync, "after_commit", self._enqueue)
            event.listen(sync, "after_soft_rollback", self._discard)
            event.listen(sync, "after_transaction_end", self._end)
        entry.args.update(origin(self._service))
        self._pending[sync].append((sync.get_nested_transaction(), entry))
        return str(entry.args["key"])

    def _enqueue(self, session: Session) -> None:
        if session.in_nested_transaction():
            return  # a savepoint was released
        found = self._pending.get(session, [])
        entries = [entry for _, entry in found]
        found.clear()
        for entry in entries:
            task = asyncio.get_running_loop().create_task(self._defer(entry))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _discard(self, session: Session, rolled_back: SessionTransaction) -> None:
        found = self._pending.get(session, [])
        found[:] = [it for it in found if not is_within(it[0], rolled_back)]

    def _end(self, session: Session, ended: SessionTransaction) -> None:
        if ended.parent is None:
            self._pending.get(session, []).clear()

    async def _defer(self, entry: Entry) -> None:
        due = datetime.now(UTC) + timedelta(seconds=entry.delay) if entry.delay else None
        task = self._app.configure_task(
            entry.name,
            queue=entry.queue,
            priority=entry.priority,
            queueing_lock=entry.unique,
            schedule_at=due,
        )
        try:
            await task.defer_async(**entry.args)
        except AlreadyEnqueued:
            return


def is_within(nested: SessionTransaction | None, outer: SessionTransaction) -> bool:
    """Return whether a savepoint is this transaction or within it; None is the outermost."""
    if outer.parent is None:
        return True
    while nested is not None:
        if nested is outer:
            return True
        nested = nested.parent
    return False
