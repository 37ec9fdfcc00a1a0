"""Calls that a test ends by hand, one step at a time, at a time of its choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from chassis.breaker import Breaker, Policy

if TYPE_CHECKING:
    from collections.abc import Generator

Ending: TypeAlias = "object | BaseException"
SMALL = Policy(minimum_calls=4, window_calls=8, open_seconds=5, jitter=0)


class Clock:
    """Waits until it is resumed."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Pause:
    """Awaited, it waits for what the test sends or throws."""

    def __await__(self) -> Generator[None, object, object]:
        return (yield)


async def paused() -> object:
    return await Pause()


class Call:
    """A guarded call in flight. Raises CircuitOpen if it was not let in."""

    def __init__(self, breaker: Breaker) -> None:
        self._coroutine = breaker.call(paused)
        self._coroutine.send(None)

    def end(self, ending: Ending) -> None:
        """End with an exception or a result, which must come out as it went in."""
        if isinstance(ending, BaseException):
            with pytest.raises(type(ending)) as raised:
                self._coroutine.throw(ending)
            assert raised.value is ending
        else:
            with pytest.raises(StopIteration) as stop:
                self._coroutine.send(ending)
            assert stop.value.value is ending

    def abandon(self) -> None:
        """Close it, as the interpreter does with what nobody awaits any more."""
        self._coroutine.close()


async def refuse() -> None:
    raise OSError("refused")


async def answer() -> str:
    return "fine"


async def opened(policy: Policy = SMALL, **options: Any) -> tuple[Breaker, Clock]:
    clock = Clock()
    breaker = Breaker("quotes", policy, clock=clock, **options)
    for _ in range(policy.minimum_calls):
        with pytest.raises(OSError, match="refused"):
            await breaker.call(refuse)
    assert state(breaker) == "open"
    return breaker, clock


async def half_open(policy: Policy = SMALL) -> tuple[Breaker, Clock, Call]:
    breaker, clock = await opened(policy)
    clock.now += 5
    return breaker, clock, Call(breaker)


def state(breaker: Breaker) -> str:
    """Read it again: a type checker believes that a property keeps its value."""
    return breaker.state


def figures(board: dict[str, Any]) -> dict[str, float]:
    """Read every figure of a board."""
    return {name: read() for name, read in board.items()}
