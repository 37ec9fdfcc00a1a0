"""The routes of greetings; a function creates them, so that they have their settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import structlog
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, FailFast, Field, StringConstraints

from chassis.problems import Problem, ProblemType
from chassis.timing import track  # if metrics or tracing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.greetings import Greetings

TOO_MANY_NAMES = ProblemType(
    "too-many-names", "Too many names", "Greet at most as many as the member limit says."
)

log = structlog.get_logger(__name__)

VISIBLE = r"[^\s\x00-\x1f]"
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=VISIBLE)
]


class Party(BaseModel):
    """The people to greet together."""

    model_config = ConfigDict(extra="forbid")

    names: Annotated[list[Name], FailFast()] = Field(min_length=1)


class Greeting(BaseModel):
    """A greeting."""

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
                f"One greeting may have {settings.limit} names.",
                type=TOO_MANY_NAMES,
                limit=settings.limit,
            )
        log.info("party greeted", names=len(party.names))
        return Greeting(text=compose(settings.salutation, party.names))

    return router


@track("greetings.compose")  # if metrics or tracing
def compose(salutation: str, names: Sequence[str]) -> str:
    """Compose the text of a greeting."""
    *others, last = names
    listed = f"{', '.join(others)} and {last}" if others else last
    return f"{salutation}, {listed}!"
