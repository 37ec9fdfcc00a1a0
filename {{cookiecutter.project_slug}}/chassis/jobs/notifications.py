"""Lets a worker look again if a job was enqueued while it looked for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from procrastinate.manager import JobManager

if TYPE_CHECKING:
    from collections.abc import Iterable

    from procrastinate.connector import BaseConnector
    from procrastinate.jobs import Job, Notification
    from procrastinate.manager import NotificationCallback


class NotifiedManager(JobManager):
    """The library's worker forgets such a notification: the job would wait for the next poll."""

    def __init__(self, connector: BaseConnector) -> None:
        super().__init__(connector)
        self._notifications = 0

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """Fetch the next job, until there is none and none was announced meanwhile."""
        while True:
            before = self._notifications
            job = await super().fetch_job(queues, worker_id)
            if job or self._notifications == before:
                return job

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        """Count the notifications."""

        async def count(*, channel: str, notification: Notification) -> None:
            self._notifications += 1
            await on_notification(channel=channel, notification=notification)

        await super().listen_for_jobs(on_notification=count, queues=queues)
