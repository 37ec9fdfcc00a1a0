"""When a line of requests refuses a further one, by a clock that the test moves."""

import pytest

from chassis.waiting_line import WaitingLine

START = 0.01
"""Seconds from one start to the next."""


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("chassis.waiting_line.perf_counter", clock)
    return clock


def advance(line: WaitingLine, clock: Clock, length: int) -> None:
    """Start one request after another until so many wait."""
    while len(line.waiting) > length:
        clock.now += START
        line.start(1)


async def test_once_overloaded_a_shorter_wait_is_enough_to_be_refused(clock: Clock) -> None:
    line = WaitingLine("a turn", max_wait_seconds=0.245)
    for _ in range(100):
        line.join()
    advance(line, clock, 24)
    assert not line.refuses()
    line.join()
    assert line.refuses()
    advance(line, clock, 17)
    assert line.refuses()
    advance(line, clock, 16)
    assert not line.refuses()
    assert line.refused == 2


async def test_a_line_that_was_empty_is_overloaded_no_longer(clock: Clock) -> None:
    line = WaitingLine("a turn", max_wait_seconds=0.245)
    for _ in range(100):
        line.join()
    advance(line, clock, 50)
    assert line.refuses()
    advance(line, clock, 0)
    for _ in range(30):
        line.join()
    advance(line, clock, 20)
    assert not line.refuses()


async def test_a_young_line_and_the_first_who_wait_are_not_refused(clock: Clock) -> None:
    line = WaitingLine("a turn", max_wait_seconds=0.01)
    for _ in range(100):
        line.join()
    clock.now += 0.04
    line.start(1)
    assert not line.refuses()
    advance(line, clock, 8)
    assert line.refuses()
    advance(line, clock, 7)
    assert not line.refuses()
