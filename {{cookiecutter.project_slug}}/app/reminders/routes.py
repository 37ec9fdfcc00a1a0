"""The route of reminders: the job exists if, and only if, the request's transaction commits."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.reminders.jobs import Reminder, remind
from chassis.database import Session

router = APIRouter(prefix="/reminders", tags=["reminders"])


class Wish(BaseModel):
    """What a client asks for."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=r"^[^\x00]*$")]
    seconds: Annotated[int, Field(strict=True, ge=0, le=86_400)] = 0
    symbol: Annotated[str | None, Field(pattern=r"^[A-Z]{1,8}$")] = None  # if outbound


class Accepted(BaseModel):
    """The job that will do it."""

    job: str


@router.post("", status_code=202)
async def create_reminder(wish: Wish, session: Session) -> Accepted:
    """Write a note later."""
    reminder = Reminder(
        text=wish.text,
        symbol=wish.symbol,  # if outbound
    )
    delay = timedelta(seconds=wish.seconds)
    return Accepted(job=await remind.enqueue(session, reminder, delay=delay))
