"""A job that is enqueued while the worker looks for one does not wait for the next poll."""

from __future__ import annotations

from typing import Any

import pytest
from procrastinate.jobs import Job
from procrastinate.manager import JobManager
from procrastinate.testing import InMemoryConnector

from chassis.jobs.notifications import NotifiedManager

JOB = Job(id=1, queue="default", lock=None, queueing_lock=None, task_name="note")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_a_job_that_is_announced_during_a_fetch_is_found_by_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    notified: list[Any] = []
    found = [None, JOB, None]

    async def listen(_: JobManager, *, on_notification: Any, queues: Any) -> None:
        assert queues == ["default"]
        notified.append(on_notification)

    async def note(*, channel: str, notification: Any) -> None:
        notified.append((channel, notification))

    async def fetch(_: JobManager, queues: Any, worker_id: int) -> Job | None:
        assert (queues, worker_id) == (["default"], 7)
        if len(found) == 3:  # the job is enqueued after this query has begun
            await notified[0](channel="any", notification={"type": "job_inserted", "job_id": 1})
        return found.pop(0)

    monkeypatch.setattr(JobManager, "listen_for_jobs", listen)
    monkeypatch.setattr(JobManager, "fetch_job", fetch)
    manager = NotifiedManager(InMemoryConnector())
    await manager.listen_for_jobs(on_notification=note, queues=["default"])
    assert await manager.fetch_job(["default"], 7) is JOB
    assert notified[1] == ("any", {"type": "job_inserted", "job_id": 1})
    assert await manager.fetch_job(["default"], 7) is None
