from __future__ import annotations

import asyncio
import logging
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from chassis.timing import operations, track
from chassis.timing.histogram import Histogram
from chassis.timing.operation import MAX_OPERATIONS, OTHER, Operation, Operations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def count(name: str) -> tuple[float, float]:
    totals = operations[name].totals()
    return totals.buckets[-1][1], totals.failed


def test_a_block_is_timed() -> None:
    with track("test.block"):
        pass
    assert count("test.block") == (1, 0)
    assert 0 < operations["test.block"].totals().seconds < 1


def test_each_call_of_a_sync_function_is_timed() -> None:
    @track("test.sync")
    def double(number: int) -> int:
        """Doubles."""
        return 2 * number

    assert [double(1), double(number=2)] == [2, 4]
    assert double.__doc__ == "Doubles."
    assert count("test.sync") == (2, 0)


async def test_an_async_function_is_timed_until_it_returns_and_its_calls_may_overlap() -> None:
    @track("test.async")
    async def pause(seconds: float) -> float:
        await asyncio.sleep(seconds)
        return seconds

    assert list(await asyncio.gather(pause(0.05), pause(0.01))) == [0.05, 0.01]
    assert count("test.async") == (2, 0)
    assert 0.06 <= operations["test.async"].totals().seconds < 1


async def test_what_raises_is_counted_as_failed_and_raised_on() -> None:
    @track("test.failing")
    def fail() -> None:
        raise KeyError("lost")

    @track("test.failing")
    async def fail_later() -> None:
        await asyncio.sleep(60)

    with pytest.raises(KeyError, match="lost"):
        fail()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(fail_later(), 0.01)
    with track("test.failing"):
        pass
    assert count("test.failing") == (3, 2)


def test_a_generator_is_refused_with_the_way_out() -> None:
    def numbers() -> Iterator[int]:
        yield 1

    with pytest.raises(TypeError, match="use `with`"):
        track("test.generator")(numbers)


def test_no_run_is_lost_between_threads_while_another_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(histogram: Histogram, value: float) -> None:
        before = histogram.sum
        time.sleep(0)  # the interpreter may switch threads here
        histogram.sum = before + value

    def work() -> None:
        for _ in range(200):
            operations["test.threads"].record(1, failed=True)

    monkeypatch.setattr(Histogram, "observe", interrupted)
    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    while any(worker.is_alive() for worker in workers):
        totals = operations["test.threads"].totals()
        assert totals.seconds == totals.failed
    assert operations["test.threads"].totals().failed == 1600


def test_names_beyond_the_cap_share_one_and_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    book = Operations()
    with caplog.at_level(logging.WARNING):
        for number in range(MAX_OPERATIONS + 50):
            book[f"made.from.data.{number}"].record(0.1, failed=False)
    book["made.from.data.0"].record(0.1, failed=False)
    assert len(list(book)) == MAX_OPERATIONS + 1
    assert book[OTHER].totals().buckets[-1][1] == 50
    assert book["made.from.data.0"].totals().buckets[-1][1] == 2
    assert len(caplog.records) == 1


def test_a_histogram_counts_a_value_under_each_bound_it_reaches() -> None:
    histogram = Histogram((0.1, 1.0))
    for value in (0.05, 0.1, 0.5, 7):
        histogram.observe(value)
    assert histogram.buckets() == [("0.1", 2), ("1.0", 3), ("+Inf", 4)]
    assert histogram.count == 4
    assert histogram.sum == pytest.approx(7.65)


def test_the_observer_gets_each_run_its_attributes_and_its_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events: list[object] = []

    def observe(name: str, attributes: object) -> Callable[[BaseException | None], None] | None:
        events.append(("began", name, attributes))
        return None if name == "test.dull" else events.append

    monkeypatch.setattr(operations, "observer", observe)
    error = KeyError("lost")
    with track("test.outer", {"rows": 3}), suppress(KeyError), track("test.inner"):
        raise error
    with track("test.dull"):
        pass
    assert events == [
        ("began", "test.outer", {"rows": 3}),
        ("began", "test.inner", None),
        error,
        None,
        ("began", "test.dull", None),
    ]
    assert count("test.inner") == (1, 1)


def test_a_run_knows_its_seconds_when_it_has_ended() -> None:
    run = track("test.seconds")
    with run:
        time.sleep(0.01)
    assert operations["test.seconds"].totals().seconds == run.seconds >= 0.01


def test_a_run_that_the_garbage_collector_ends_while_another_is_recorded_does_not_deadlock() -> (
    None
):
    class Late(float):
        __slots__ = ()

        def __radd__(self, sum_: float) -> float:
            operation.record(1, failed=True)
            return sum_ + float(self)

    operation = Operation()
    thread = threading.Thread(
        target=operation.record, args=[Late(2)], kwargs={"failed": False}, daemon=True
    )
    thread.start()
    thread.join(5)
    assert not thread.is_alive()
    assert operation.totals().failed == 1
