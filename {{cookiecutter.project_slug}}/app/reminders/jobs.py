"""The job that writes the note; its arguments outlive the release that enqueued them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel

from app.notes.models import Note
from app.quotes import QuotesApi  # if outbound
from chassis.jobs import Run, job

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession


class Reminder(BaseModel):
    """What the job gets: a new field needs a default, and an old one stays for a release."""

    text: str
    symbol: str | None = None  # if outbound


@job("remind", Reminder)
async def remind(reminder: Reminder, run: Run) -> None:
    """Write the note, once, however often the job is delivered."""
    if reminder.symbol:  # if outbound
        api = run.resource(QuotesApi)  # if outbound
        key = {"Idempotency-Key": run.key}  # if outbound
        answer = await api.post(f"/watches/{reminder.symbol}", headers=key)  # if outbound
        answer.raise_for_status()  # if outbound

    async def write(session: AsyncSession) -> None:
        session.add(Note(title=f"Reminder {run.key}", text=reminder.text))

    await run.once(write)
