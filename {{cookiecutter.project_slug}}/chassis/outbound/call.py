"""One call on its way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx2


@dataclass(slots=True)
class Call:
    """What is sent, until when it may last, and what has come of it."""

    request: httpx2.Request
    deadline: float
    """When it must have ended, in the event loop's time."""
    given: frozenset[str]
    """Names of the headers that the code gave it."""
    tries: int = 0
    answer: httpx2.Response | None = None
    """The latest answer, whatever its status."""
