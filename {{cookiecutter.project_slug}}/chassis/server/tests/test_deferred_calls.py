import asyncio
from contextvars import ContextVar

import pytest

from chassis.server.deferred_calls import DeferredCalls

who: ContextVar[str] = ContextVar("who")


async def test_calls_are_made_in_a_row_when_the_turn_ends_each_in_its_own_context() -> None:
    defer, made = DeferredCalls(), list[str]()

    async def put_off(name: str) -> None:
        who.set(name)
        defer(lambda: made.append(who.get()))
        assert made == []

    for names in ("ab", "cd"):
        await asyncio.gather(*map(put_off, names))
        await asyncio.sleep(0)
        assert made == [*names]
        made.clear()


async def test_a_call_that_fails_is_logged_and_stops_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    defer, made = DeferredCalls(), list[str]()
    defer(lambda: 1 / 0)
    defer(lambda: made.append("next"))
    await asyncio.sleep(0)
    assert made == ["next"]
    (record,) = caplog.records
    assert record.getMessage() == "deferred call failed"
    assert record.exc_info is not None
