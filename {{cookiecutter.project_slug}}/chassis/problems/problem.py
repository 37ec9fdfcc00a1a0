"""Problem details (RFC 9457): raise a `Problem` anywhere below a route."""

from __future__ import annotations

import json
from http.client import responses
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic_core import to_jsonable_python
from starlette.exceptions import HTTPException
from starlette.responses import Response

from chassis.exchange import current_exchange

if TYPE_CHECKING:
    from collections.abc import Mapping


class ProblemType(str):
    """The URI of a problem type: `ProblemType("already-paid", "Already paid", "Explanation.")`.

    The service serves a page at it that explains what happened, and what a client can do.
    """

    __slots__ = ("explanation", "summary")
    summary: str
    explanation: str
    known: ClassVar[dict[str, ProblemType]] = {}
    """All types, by name."""

    def __new__(cls, name: str, title: str, explanation: str) -> Self:
        """Create the type, and register it for the page."""
        self = super().__new__(cls, f"/problems/{name}")
        self.summary, self.explanation = title, explanation
        cls.known[name] = self
        return self


class Problem(HTTPException):
    """An error for the client, with the members of RFC 9457.

    `raise Problem(409, "The order is already paid.", type=ALREADY_PAID, order=7)`

    `type` is a URI that identifies the problem type, such as a `ProblemType`; `title` is its
    constant summary, `detail` explains this occurrence; any other keyword becomes a member.
    """

    def __init__(
        self,
        status: int,
        detail: str | None = None,
        /,
        *,
        type: str = "about:blank",  # noqa: A002 - the RFC's own word
        title: str | None = None,
        headers: Mapping[str, str] | None = None,
        **extensions: object,
    ) -> None:
        super().__init__(status, detail, headers)
        self.type = type
        known = type.summary if isinstance(type, ProblemType) else None
        self.title = title or known or responses.get(status, "Error")
        self.extensions = extensions

    @classmethod
    def from_exception(cls, error: HTTPException) -> Problem:
        """Convert an exception of Starlette or FastAPI.

        Its `detail` can be anything: a mapping becomes members, the rest becomes text.
        """
        if isinstance(error, Problem):
            return error
        detail: Any = error.detail
        if isinstance(detail, dict):
            problem = cls(error.status_code, headers=error.headers)
            problem.extensions = detail
            return problem
        return cls(error.status_code, str(detail), headers=error.headers)

    def members(self) -> dict[str, object]:
        """Return the members; an extension never replaces one of the RFC's."""
        own: dict[str, object] = {
            "type": self.type,
            "title": self.title,
            "status": self.status_code,
        }
        if self.detail != responses.get(self.status_code):  # HTTPException's default
            own["detail"] = self.detail
        if exchange := current_exchange.get():
            own["instance"] = f"urn:request:{exchange.request_id}"
            own["request_id"] = exchange.request_id
        return own | self.extensions | own


class ProblemResponse(Response):
    """Response with a problem; middleware can call it as an ASGI application."""

    media_type = "application/problem+json"

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.members(), problem.status_code, problem.headers)

    def render(self, content: Mapping[str, object]) -> bytes:
        """Encode it as JSON in UTF-8; a lone surrogate becomes a question mark."""
        plain = to_jsonable_python(content, inf_nan_mode="null", serialize_unknown=True)
        return json.dumps(plain, ensure_ascii=False, allow_nan=False).encode(errors="replace")
