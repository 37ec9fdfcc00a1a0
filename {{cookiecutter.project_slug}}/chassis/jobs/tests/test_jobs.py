from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import async_sessionmaker

from chassis.jobs import Job, Jobs, Run, job
from chassis.jobs.failures import backoff
from chassis.service import Identity, Service
from chassis.startup import StartupError
from chassis.timing import track

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy.ext.asyncio import AsyncSession

    from chassis.database import Database


class Number(BaseModel):
    n: int = 0


class Recorded:
    """A service with one job, which notes what it gets."""

    def __init__(self, database: Database, **options: Any) -> None:
        self.seen: list[tuple[int, int]] = []
        self.failures = 0
        self.job: Job[Number] = job("note", Number, **options)(self.note)
        self.service = Service(identity=Identity(name="t"), environment="test")
        for feature in (database, Jobs(backoff_seconds=0.01)):
            feature.install(self.service)
        self.service.jobs.append(self.job)

    async def note(self, number: Number, run: Run) -> None:
        with track("orders.price"):
            self.seen.append((number.n, run.attempt))
        if self.failures >= run.attempt:
            raise RuntimeError("as asked")

    def session(self) -> AsyncSession:
        session: AsyncSession = self.service.resources[async_sessionmaker]()
        return session

    async def wait(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.seen) < count:  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        assert len(self.seen) == count


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def embedded(database: Database) -> Database:
    if not database.url.startswith("sqlite"):
        pytest.skip("jobs run in this process only while the database is embedded")
    return database


@asynccontextmanager
async def started(recorded: Recorded) -> AsyncIterator[Recorded]:
    async with recorded.service.lifespan(None):  # type: ignore[arg-type]
        yield recorded


async def test_a_job_runs_once_its_transaction_commits_and_never_if_it_does_not(
    embedded: Database,
) -> None:
    async with started(Recorded(embedded)) as it:
        async with it.session() as session:
            await it.job.enqueue(session, Number(n=1))
            await session.rollback()
        async with it.session() as session:
            await it.job.enqueue(session, Number(n=2))
        async with it.session() as session:
            await it.job.enqueue(session, Number(n=3))
            await asyncio.sleep(0.05)
            assert not it.seen
            await session.commit()
        await it.wait(1)
        assert it.seen == [(3, 1)]


async def test_a_job_of_a_savepoint_that_is_rolled_back_does_not_run(embedded: Database) -> None:
    async with started(Recorded(embedded)) as it:
        async with it.session() as session:
            await it.job.enqueue(session, Number(n=1))
            async with session.begin_nested() as savepoint:
                await it.job.enqueue(session, Number(n=2))
                async with session.begin_nested():
                    await it.job.enqueue(session, Number(n=3))
                await savepoint.rollback()
            async with session.begin_nested():
                await it.job.enqueue(session, Number(n=4))
            await asyncio.sleep(0.05)
            assert not it.seen, "a savepoint that is released is no commit"
            await session.commit()
        await it.wait(2)
        assert sorted(it.seen) == [(1, 1), (4, 1)]


async def test_a_job_that_fails_is_retried_until_it_succeeds_or_is_held(
    embedded: Database,
) -> None:
    async with started(Recorded(embedded, tries=3)) as it:
        for failures, tries in ((2, 3), (9, 3)):
            it.seen.clear()
            it.failures = failures
            async with it.session() as session:
                await it.job.enqueue(session, Number())
                await session.commit()
            await it.wait(tries)


async def test_a_try_that_takes_too_long_has_failed(embedded: Database) -> None:
    recorded = Recorded(embedded, tries=1)
    ended: list[str] = []

    @job("slow", Number, tries=1, timeout=timedelta(seconds=0.05))
    async def slow(_: Number, __: Run) -> None:
        try:
            await asyncio.sleep(10)
        finally:
            ended.append("cut")

    recorded.service.jobs.append(slow)
    async with started(recorded) as it:
        async with it.session() as session:
            await slow.enqueue(session, Number())
            await session.commit()
        async with asyncio.timeout(10):
            while not ended:  # noqa: ASYNC110 - the same
                await asyncio.sleep(0.01)


async def test_an_effect_happens_once_however_often_the_job_is_delivered(
    embedded: Database,
) -> None:
    async with started(Recorded(embedded)) as it:
        run = Run(id=1, key="one", attempt=1, service=it.service)
        calls = []

        async def effect(session: AsyncSession) -> None:
            calls.append(await session.scalar(text("SELECT 1")))
            if len(calls) == 1:
                raise RuntimeError("before the commit")

        with pytest.raises(RuntimeError):
            await run.once(effect)
        assert await run.once(effect) is True
        assert await run.once(effect) is False
        assert len(calls) == 2


async def test_a_session_that_is_not_the_services_is_refused_in_words(embedded: Database) -> None:
    it = Recorded(embedded)
    async with started(it):
        session = async_sessionmaker(it.service.resources[async_sessionmaker]().bind)()
        with pytest.raises(RuntimeError, match="has no queue"):
            await it.job.enqueue(session, Number())
        await session.close()


@pytest.mark.parametrize(
    ("options", "message"), [({"cron": "every day"}, "cron"), ({}, "two are called 'note'")]
)
async def test_a_wrong_schedule_and_a_name_that_is_taken_are_refused_at_the_start(
    embedded: Database, options: dict[str, Any], message: str
) -> None:
    it = Recorded(embedded, **options)
    if not options:
        it.service.jobs.append(it.job)
    with pytest.raises(StartupError, match=message):
        async with started(it):
            pass


def test_the_backoff_doubles_with_jitter_up_to_an_hour() -> None:
    for attempt, longest in ((1, 5), (2, 10), (3, 20), (30, 3600)):
        assert all(longest / 2 <= backoff(5, attempt) <= longest for _ in range(100))
