"""Every error answer is RFC 9457 problem+json: what is wrong, and the request id to name."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from chassis.problems.handlers import gone, refused, unhandled
from chassis.problems.last_resort import LastResort
from chassis.problems.problem import Problem, ProblemResponse
from chassis.problems.schema import RESPONSES
from chassis.problems.validation import invalid
from chassis.service import Feature

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.service import Service

__all__ = ["Problem", "ProblemResponse", "Problems"]


class Problems(Feature):
    """What a client is told when something goes wrong."""

    debug: bool = False
    """Whether the answer to an unhandled error names the exception and its message."""

    def install(self, service: Service) -> None:
        """Take every error that FastAPI hands on, and those that never reach FastAPI."""
        unexpected = partial(unhandled, debug=self.debug)
        service.options["exception_handlers"] = {
            HTTPException: refused,
            ClientDisconnect: gone,
            RequestValidationError: invalid,
            Exception: unexpected,
        }
        service.options["responses"] = RESPONSES
        service.middleware.append(partial(LastResort, service=service, unhandled=unexpected))

    def insecure(self) -> Iterator[tuple[str, str]]:
        """Refuse to show strangers what the code is made of."""
        if self.debug:
            yield "debug", "is on, which shows clients the code's own errors. Set it to false."
