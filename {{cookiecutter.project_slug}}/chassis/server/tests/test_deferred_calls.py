"""Calls that no response waits for: when they run, and that none is lost."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, NoReturn

from chassis.server import Server
from chassis.server.deferred_calls import DeferredCalls
from chassis.server.draining_server import DrainingServer
from chassis.service import Identity, Service

if TYPE_CHECKING:
    import pytest

who: ContextVar[str] = ContextVar("who")


async def test_calls_run_in_a_row_in_the_next_iteration_each_in_its_own_context() -> None:
    defer, made = DeferredCalls(), list[str]()

    async def serve(name: str) -> None:
        who.set(name)
        defer(lambda: made.append(who.get()))
        assert made == []

    for names in ("ab", "cd"):
        await asyncio.gather(*map(serve, names))
        await asyncio.sleep(0)
        assert made == [*names]
        made.clear()


async def test_what_a_deferred_call_defers_runs_after_the_others_in_the_same_iteration() -> None:
    defer, made = DeferredCalls(), list[str]()
    defer(lambda: defer(lambda: made.append("last")))
    defer(lambda: made.append("first"))
    await asyncio.sleep(0)
    assert made == ["first", "last"]


async def test_a_call_that_fails_is_logged_and_stops_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    defer, made = DeferredCalls(), list[str]()

    def fail() -> None:
        raise ValueError("planted")

    defer(fail)
    defer(lambda: made.append("next"))
    await asyncio.sleep(0)
    assert made == ["next"]
    (record,) = caplog.records
    assert record.getMessage() == "a deferred call failed"
    assert record.exc_info is not None


def test_a_call_runs_at_once_where_no_event_loop_runs() -> None:
    made: list[str] = []
    DeferredCalls()(lambda: made.append("now"))
    assert made == ["now"]


def test_calls_that_wait_when_the_loop_is_cancelled_still_run() -> None:
    defer, made = DeferredCalls(), list[str]()

    async def serve() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            defer(lambda: made.append("late"))

    async def main() -> None:
        tasks.append(asyncio.create_task(serve()))
        await asyncio.sleep(0)

    tasks: list[asyncio.Task[None]] = []
    asyncio.run(main())
    assert made == ["late"]


async def test_a_second_signal_exits_after_the_calls_that_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[str] = []

    def exit_now(code: int) -> NoReturn:
        made.append(f"exit {code}")
        raise SystemExit

    monkeypatch.setattr(os, "_exit", exit_now)
    service = Service(identity=Identity(name="t"), environment="test")
    server = DrainingServer(Server(), service)
    service.defer(lambda: made.append("call"))
    server.handle_exit(15, None)
    assert made == []
    with suppress(SystemExit):
        server.handle_exit(15, None)
    assert made == ["call", "exit 143"]
