"""What FastAPI has found out about a route, as steps: whom to call, in which order, with what."""

from __future__ import annotations

from dataclasses import dataclass, fields
from inspect import iscoroutinefunction, unwrap
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from fastapi.dependencies import models, utils
from fastapi.security import SecurityScopes

if TYPE_CHECKING:
    from fastapi.dependencies.models import Dependant
    from starlette.requests import Request

PARAMETERS = {
    "path_params": "path_params",
    "query_params": "query_params",
    "header_params": "headers",
    "cookie_params": "cookies",
}
"""Kinds of parameters that a function can have, and where a request has their values."""
CONNECTION = ("request_param_name", "http_connection_param_name")
"""What names the parameters that are given the request itself."""
SECURITY = ("security_scopes_param_name", "own_oauth_scopes", "parent_oauth_scopes", "scope")
OTHERS = ("name", "call", "path", "body_params", "dependencies")
UNDERSTOOD = {*PARAMETERS, *CONNECTION, *SECURITY, *OTHERS}
"""Fields of FastAPI's `Dependant` that steps are made of."""


@dataclass(frozen=True, slots=True)
class Step:
    """A function to call: one that the route depends on or, at last, the route's own."""

    call: Any
    """It gives a coroutine."""
    parameters: tuple[tuple[list[Any], str], ...]
    """Its parameters of one kind, and the attribute of a request that has their values."""
    body: list[Any]
    """Its parameters whose values are in the body."""
    connection: tuple[str, ...]
    """Names of its parameters that are given the request."""
    scopes: tuple[str, list[str]] | None
    """Name of its parameter that is given the scopes of its security, and they."""
    results: tuple[tuple[str, int], ...]
    """Names of its parameters that are given the result of an earlier step, and which."""

    async def read(self, request: Request, body: object, *, embedded: bool) -> dict[str, Any]:
        """Give the values of its parameters; raises ValueError if one of them is not valid."""
        values: dict[str, Any] = {}
        wrong: list[Any] = []
        for parameters, where in self.parameters:
            found, errors = utils.request_params_to_args(parameters, getattr(request, where))
            values |= found
            wrong += errors
        if self.body:
            found, errors = await utils.request_body_to_args(self.body, body, embedded)
            values |= found
            wrong += errors
        if wrong:
            raise ValueError(wrong)
        for name in self.connection:
            values[name] = request
        if self.scopes:
            name, scopes = self.scopes
            values[name] = SecurityScopes(scopes.copy())
        return values


def plan(dependant: Dependant) -> list[Step] | None:
    """List what to call, its own function last; None if a function needs more than is understood.

    What is understood are coroutine functions that are given parameters, the body, the request,
    security scopes, and results of such functions: nothing to be closed, no thread.
    """
    if not is_understood(dependant):
        return None
    steps: list[Step] = []
    append(steps, dependant, {})
    return steps


def is_understood(dependant: Dependant) -> bool:
    """Tell whether all that a function needs is known here; what FastAPI adds later is not."""
    blank = models.Dependant()
    return (
        is_coroutine_function(dependant.call)
        and all(
            getattr(dependant, field.name) == getattr(blank, field.name)
            for field in fields(blank)
            if field.name not in UNDERSTOOD
        )
        and all(map(is_understood, dependant.dependencies))
    )


def is_coroutine_function(call: Any) -> bool:  # noqa: ANN401 - a class, an object, a function
    """Tell whether calling it gives a coroutine, and nobody has wrapped it."""
    called = call if isinstance(call, FunctionType | MethodType) else type(call).__call__
    return iscoroutinefunction(called) and unwrap(call) is call


def append(steps: list[Step], dependant: Dependant, known: dict[Any, int]) -> int:
    """Append what a function depends on, each once a request, and itself; give its number."""
    results = []
    for other in dependant.dependencies:
        key = models._get_cache_key(dependant=other, uses_scopes_cache={})  # noqa: SLF001 - theirs
        if key not in known:
            known[key] = append(steps, other, known)
        if other.name is not None:
            results.append((other.name, known[key]))
    named = dependant.security_scopes_param_name
    scopes = models._get_oauth_scopes(dependant=dependant)  # noqa: SLF001 - the same
    steps.append(
        Step(
            call=dependant.call,
            parameters=tuple(
                (getattr(dependant, kind), where)
                for kind, where in PARAMETERS.items()
                if getattr(dependant, kind)
            ),
            body=dependant.body_params,
            connection=tuple(filter(None, (getattr(dependant, it) for it in CONNECTION))),
            scopes=(named, scopes) if named else None,
            results=tuple(results),
        )
    )
    return len(steps) - 1
