"""The routes of greetings; a function makes them, so that they know their settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import structlog
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, FailFast, Field, StringConstraints

from chassis.problems import Problem, ProblemType
from chassis.timing import track

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.greetings import Greetings

TOO_MANY_NAMES = ProblemType(
    "too-many-names", "Too many names", "Greet fewer at once: the member limit says how many."
)

log = structlog.get_logger(__name__)

VISIBLE = r"[^\s\x00-\x1f]"
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=VISIBLE)
]


class Party(BaseModel):
    """Those to greet together."""

    model_config = ConfigDict(extra="forbid")

    names: Annotated[list[Name], FailFast()] = Field(min_length=1)


class Greeting(BaseModel):
    """What to say."""

    text: str


def routes(settings: Greetings) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/greetings", tags=["greetings"])

    @router.get("/{name}")
    async def read_greeting(name: Name) -> Greeting:
        """Greet one."""
        return Greeting(text=compose(settings.salutation, [name]))

    @router.post("")
    async def create_greeting(party: Party) -> Greeting:
        """Greet several at once."""
        if len(party.names) > settings.limit:
            raise Problem(
                409,
                f"One greeting has room for {settings.limit} names.",
                type=TOO_MANY_NAMES,
                limit=settings.limit,
            )
        log.info("party greeted", names=len(party.names))
        return Greeting(text=compose(settings.salutation, party.names))

    return router


@track("greetings.compose")
def compose(salutation: str, names: Sequence[str]) -> str:
    """Put a greeting into words."""
    *others, last = names
    listed = f"{', '.join(others)} and {last}" if others else last
    return f"{salutation}, {listed}!"
