"""The state of one call, retries included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx2


@dataclass(slots=True, eq=False)
class Call:
    """The request, its deadline, and its result so far."""

    request: httpx2.Request
    deadline: float
    """When the call must end, in the event loop's time."""
    explicit_headers: frozenset[str]
    """Names of the headers that the code has set; they are never overwritten."""
    tries: int = 0
    response: httpx2.Response | None = None
    """The latest response, whatever its status."""
