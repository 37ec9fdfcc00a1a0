from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from chassis.service import Identity, Service
from chassis.timing import Timing, operations, track
from chassis.timing.histogram import Histogram
from chassis.timing.operation import MAX_OPERATIONS, OTHER, Operation, Operations, statistics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(autouse=True)
def _window_as_it_was() -> Iterator[None]:
    yield
    operations.resize(1000)


def count(name: str) -> tuple[float, float]:
    total = operations.snapshot()[name]["total"]
    return total["count"], total["failed"]


def test_a_block_is_timed() -> None:
    with track("test.block"):
        pass
    described = operations.snapshot()["test.block"]
    assert described["total"]["count"] == 1
    assert 0 < described["total"]["sum"] == described["recent"]["max"] < 1


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
    recent = operations.snapshot()["test.async"]["recent"]
    assert recent["count"] == 2
    assert 0.01 <= recent["min"] < 0.05 <= recent["max"]


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


def test_statistics_cover_the_latest_runs_and_totals_all_of_them() -> None:
    book = Operations(window=100)
    for milliseconds in range(1, 201):
        book["op"].record(milliseconds / 1000, failed=False)
    described = book.snapshot()["op"]
    assert described["total"] == {"count": 200, "failed": 0, "sum": pytest.approx(20.1)}
    assert described["recent"] == {
        "count": 100,
        "sum": pytest.approx(15.05),
        "average": pytest.approx(0.1505),
        "min": 0.101,
        "max": 0.2,
        "p50": 0.15,
        "p95": 0.195,
        "p99": 0.199,
    }
    json.dumps(described, allow_nan=False)


def test_percentiles_of_a_few_runs_are_runs_and_none_is_no_error() -> None:
    assert set(statistics([3.0]).values()) == {1, 3.0}
    assert statistics([3.0, 1.0, 2.0])["p50"] == 2.0
    assert statistics([]) == {"count": 0}


def test_the_setting_bounds_the_window_of_old_and_new_operations() -> None:
    service = Service(identity=Identity(name="t"), environment="test")
    with track("test.window"):
        pass
    Timing(window=2).install(service)
    for _ in range(5):
        with track("test.window"), track("test.window.later"):
            pass
    for name in ("test.window", "test.window.later"):
        assert operations.snapshot()[name]["recent"]["count"] == 2


def test_names_beyond_the_cap_share_one_and_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    book = Operations()
    with caplog.at_level(logging.WARNING):
        for number in range(MAX_OPERATIONS + 50):
            book[f"made.from.data.{number}"].record(0.1, failed=False)
    book["made.from.data.0"].record(0.1, failed=False)
    assert len(book.snapshot()) == MAX_OPERATIONS + 1
    assert book.snapshot()[OTHER]["total"]["count"] == 50
    assert book.snapshot()["made.from.data.0"]["total"]["count"] == 2
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
    told: list[object] = []

    def observe(name: str, attributes: object) -> Callable[[BaseException | None], None] | None:
        told.append(("began", name, attributes))
        return None if name == "test.dull" else told.append

    monkeypatch.setattr(operations, "observer", observe)
    error = KeyError("lost")
    with track("test.outer", {"rows": 3}), suppress(KeyError), track("test.inner"):
        raise error
    with track("test.dull"):
        pass
    assert told == [
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
    assert operations.snapshot()["test.seconds"]["total"]["sum"] == run.seconds >= 0.01


def test_a_run_that_the_garbage_collector_ends_while_another_is_recorded_does_not_deadlock() -> (
    None
):
    class Late(float):
        __slots__ = ()

        def __radd__(self, sum_: float) -> float:
            operation.record(1, failed=True)
            return sum_ + float(self)

    operation = Operation(window=10)
    thread = threading.Thread(
        target=operation.record, args=[Late(2)], kwargs={"failed": False}, daemon=True
    )
    thread.start()
    thread.join(5)
    assert not thread.is_alive()
    assert operation.snapshot()["total"]["failed"] == 1
