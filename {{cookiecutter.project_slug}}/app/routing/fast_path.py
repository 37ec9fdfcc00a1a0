"""The fast path of a route: what is known when the service starts is not asked of every request.

FastAPI finds out anew each time what a route needs and what may have to be closed after it, which
takes most of the time of a request that waits for nothing. Here a request that is in order is
served by the route's plan. Any other is left to FastAPI, before anything of the service has been
called, for it knows what to say; so are all requests of a route that has no plan.
"""

from __future__ import annotations

from functools import partial
from inspect import signature
from types import FunctionType
from typing import TYPE_CHECKING, Any, NoReturn

from fastapi import routing
from fastapi.datastructures import DefaultPlaceholder
from fastapi.responses import JSONResponse
from fastapi.utils import is_body_allowed_for_status_code
from starlette.requests import Request
from starlette.responses import Response

from app.routing.plan import plan

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from app.routing.plan import Step

JSON = "application/json"
THEIRS: Any = routing
"""FastAPI's private interface; tests/test_fast_path.py is the contract."""
PASSED_BY = ("get_request_handler", "request_response", "run_endpoint_function")
"""Its functions that the fast path does without; who has wrapped one of them wants it called."""


class FastPath:
    """Serves one route."""

    def __init__(self, context: Any, steps: list[Step]) -> None:  # noqa: ANN401 - FastAPI's own
        """Take what FastAPI knows of the route; raises as `fast_path` expects if it has changed."""
        field = context.response_field
        make = JSONResponse if field is None else partial(Response, media_type=JSON)
        self._fastapi: ASGIApp = context.app
        self._application = context.dependency_overrides_provider
        self._steps = steps
        self._has_body = context.body_field is not None
        self._embedded: bool = context._embed_body_fields  # noqa: SLF001 - it has no other name
        self._response = partial(make, status_code=context.status_code or 200)
        self._serialize = partial(
            THEIRS.serialize_response,
            field=field,
            include=context.response_model_include,
            exclude=context.response_model_exclude,
            by_alias=context.response_model_by_alias,
            exclude_unset=context.response_model_exclude_unset,
            exclude_defaults=context.response_model_exclude_defaults,
            exclude_none=context.response_model_exclude_none,
            endpoint_ctx={
                **THEIRS._extract_endpoint_context(context.endpoint),  # noqa: SLF001 - the same
                "path": f"{'/'.join(sorted(context.methods))} {context.path}",
            },
            dump_json=True,
        )
        signature(self._serialize).bind(response_content=None)
        self._handle = THEIRS.wrap_app_handling_exceptions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or have FastAPI serve it."""
        request = Request(scope, receive, send)
        if self._has_body:
            receive = again(await request.body(), receive)
        served: ASGIApp = self._fastapi
        if arguments := await self._arguments(request):
            try:
                served = await self._answer(arguments)
            except Exception as error:  # noqa: BLE001 - whatever it is, FastAPI's handlers get it
                served = self._handle(partial(fail, error), request)
        await served(scope, receive, send)

    async def _arguments(self, request: Request) -> list[dict[str, Any]]:
        """Read what each step is called with; nothing if FastAPI has something to say of that."""
        if self._application and self._application.dependency_overrides:
            return []
        if self._has_body and request.headers.get("content-type") != JSON:
            return []
        try:
            body = await request.json() if self._has_body else None
            return [await step.read(request, body, embedded=self._embedded) for step in self._steps]
        except Exception:  # noqa: BLE001 - FastAPI meets it again, and knows what to do
            return []

    async def _answer(self, arguments: list[dict[str, Any]]) -> Response:
        """Take every step; what the last one gives is the answer."""
        results: list[Any] = []
        for step, values in zip(self._steps, arguments, strict=True):
            for name, number in step.results:
                values[name] = results[number]
            results.append(await step.call(**values))
        answer = results[-1]
        if isinstance(answer, Response):
            return answer
        return self._response(await self._serialize(response_content=answer))


def fast_path(context: Any) -> ASGIApp:  # noqa: ANN401 - FastAPI's own
    """Serve a route by its plan, or as FastAPI does where it has none, or FastAPI has changed."""
    theirs: ASGIApp = context.app
    try:
        if is_untouched() and is_default(context) and (steps := plan(context.dependant)):
            return FastPath(context, steps)
    except (AttributeError, TypeError, ValueError):
        pass
    return theirs


def is_untouched() -> bool:
    """Tell whether FastAPI serves requests by its own functions; Sentry, for one, wraps them."""
    passed_by = [getattr(routing, name) for name in PASSED_BY]
    return all(
        type(it) is FunctionType and it.__globals__ is vars(routing)
        for it in (*passed_by, routing.APIRoute.get_route_handler)
    )


def is_default(context: Any) -> bool:  # noqa: ANN401 - FastAPI's own
    """Tell whether a route is FastAPI's own kind of route, with its kind of response."""
    return (
        type(context.original_route) is routing.APIRoute
        and isinstance(context.response_class, DefaultPlaceholder)
        and context.max_body_size is None
        and is_body_allowed_for_status_code(context.status_code)
    )


def again(body: bytes, receive: Receive) -> Receive:
    """Receive a body that has been read once more."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def received() -> Message:
        return pending.pop() if pending else await receive()

    return received


async def fail(error: Exception, *_: object) -> NoReturn:
    """Fail as the route did."""
    raise error
