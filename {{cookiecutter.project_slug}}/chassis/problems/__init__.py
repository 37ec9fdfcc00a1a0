"""Error responses as problem details (RFC 9457), with the request id."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from chassis.problems.fallback import FallbackMiddleware
from chassis.problems.handlers import (
    handle_client_disconnect,
    handle_http_exception,
    handle_unexpected_error,
)
from chassis.problems.pages import add_pages
from chassis.problems.problem import Problem, ProblemResponse, ProblemType
from chassis.problems.schema import RESPONSES, SCHEMAS
from chassis.problems.validation import handle_validation_error
from chassis.service import Feature

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.service import Service

__all__ = ["Problem", "ProblemResponse", "ProblemType", "Problems"]


class Problems(Feature):
    """Handles every error and responds with a problem."""

    debug: bool = False
    """Whether the response to an unhandled error shows the exception and its message."""

    def install(self, service: Service) -> None:
        """Handle errors raised inside FastAPI, and outside it."""
        handle_error = partial(handle_unexpected_error, debug=self.debug)
        handlers = {
            HTTPException: handle_http_exception,
            ClientDisconnect: handle_client_disconnect,
            RequestValidationError: handle_validation_error,
            Exception: handle_error,
        }
        for option, ours in (("exception_handlers", handlers), ("responses", RESPONSES)):
            service.options[option] = ours | service.options.get(option, {})
        service.schemas |= SCHEMAS
        service.customizers.append(add_pages)
        service.middleware.append(
            partial(FallbackMiddleware, service=service, handle_error=handle_error)
        )

    def insecure(self) -> Iterator[tuple[str, str]]:
        """Reject showing exceptions to clients."""
        if self.debug:
            yield "debug", "is on, which shows exceptions to clients. Set it to false."
