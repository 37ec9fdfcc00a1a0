"""Which routes have a plan, and so a fast path; all others are served by FastAPI."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial, wraps
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, Response
from fastapi.dependencies import models
from fastapi.responses import PlainTextResponse
from fastapi.routing import APIRoute, iter_route_contexts

from app.routing.fast_path import FastPath, fast_path
from app.routing.plan import is_understood, plan

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator


async def plain() -> int:
    return 1


def in_a_thread() -> int:
    return 1


async def closes() -> AsyncIterator[int]:
    yield 1


def closes_in_a_thread() -> Iterator[int]:
    yield 1


@wraps(in_a_thread)
async def wrapped() -> int:
    return 1


class Made:
    """Its constructor is called in a thread."""


async def on_the_answer(response: Response) -> None:
    response.headers["x"] = "y"


async def after_the_answer(tasks: BackgroundTasks) -> None:
    tasks.add_task(time.time)


class OwnRoute(APIRoute):
    """A route that may do something of its own."""


def fast(endpoint: Callable[..., Any] = plain, **options: Any) -> bool:
    """Register it in a router that is included, and look who serves it."""
    router, app = APIRouter(route_class=options.pop("route_class", APIRoute)), FastAPI()
    router.add_api_route("/it", endpoint, response_model=None, methods=["POST"], **options)
    app.include_router(router)
    (context,) = [it for it in iter_route_contexts(app.routes) if it.path == "/it"]
    return isinstance(fast_path(context), FastPath)


@pytest.mark.parametrize("status", [None, 200, 201, 404])
def test_a_route_of_coroutine_functions_has_one(status: int | None) -> None:
    assert fast(status_code=status, dependencies=[Depends(plain)])


@pytest.mark.parametrize(
    "needed",
    [
        in_a_thread,
        closes,
        closes_in_a_thread,
        wrapped,
        partial(plain),
        Made,
        on_the_answer,
        after_the_answer,
    ],
)
def test_a_route_that_needs_more_has_none(needed: Callable[..., Any]) -> None:
    depends = Depends(needed)

    async def needs(more: Any = depends) -> Any:
        return more

    assert not fast(needs)
    assert not fast(dependencies=[Depends(needed)])
    if needed is not Made:
        assert not fast(needed)


@pytest.mark.parametrize(
    "options",
    [
        {"status_code": 204},
        {"status_code": 304},
        {"route_class": OwnRoute},
        {"response_class": PlainTextResponse},
        {"max_body_size": 10},
    ],
)
def test_a_route_with_something_of_its_own_has_none(options: dict[str, Any]) -> None:
    assert not fast(**options)


def test_what_fastapi_learns_to_need_is_not_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass
    class Dependant(models.Dependant):
        moon: str | None = None

    monkeypatch.setattr(models, "Dependant", Dependant)
    assert is_understood(Dependant(call=plain))
    assert not is_understood(Dependant(call=plain, moon="full"))


def test_what_must_be_called_each_time_has_none() -> None:
    async def needs(a: int = Depends(plain, use_cache=False)) -> int:
        return a

    assert not fast(needs)


def test_what_is_needed_twice_is_called_once() -> None:
    async def one(first: int = Depends(plain)) -> int:
        return first

    async def needs(a: int = Depends(one), b: int = Depends(plain)) -> int:
        return a + b

    app = FastAPI()
    app.get("/")(needs)
    (route,) = (it for it in app.routes if isinstance(it, APIRoute))
    steps = plan(route.dependant) or []
    assert [step.call for step in steps] == [plain, one, needs]
    assert [step.results for step in steps] == [(), (("first", 0),), (("a", 1), ("b", 0))]
