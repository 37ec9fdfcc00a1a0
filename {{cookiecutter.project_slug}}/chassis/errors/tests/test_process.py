"""What fails in a process is reported, and neither answers nor the end wait for the collector."""

from __future__ import annotations

import time
from contextlib import closing, suppress
from http.client import IncompleteRead
from typing import TYPE_CHECKING

import pytest

from chassis.errors.tests.receiver import Receiver, text
from chassis.testing.process import Running

if TYPE_CHECKING:
    from collections.abc import Iterator

FLUSH = 1.0
"""Seconds that reports get at the end: the default."""
BUSY = 2.0
"""Seconds that a stop takes without them, on a machine that others use."""
REQUESTS = 50


@pytest.fixture
def collector() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def start(collector: Receiver, name: str = "shop", **variables: str) -> Running:
    given = {"SERVICE_NAME": name, "ERRORS_DSN": collector.dsn, **variables}
    return Running("-m", "chassis.errors.tests.failing", **given)


def test_errors_that_no_handler_sees_are_events_of_their_requests(collector: Receiver) -> None:
    with start(collector) as running:
        for path in ("/fails/thread", "/cut-off"):
            with closing(running.connect()) as connection:
                connection.request("GET", path, headers={"x-request-id": path[1:4]})
                with suppress(IncompleteRead):
                    connection.getresponse().read()
        collector.wait(lambda: len(collector.events) == 2)
        running.signal()
        assert running.exit_code() == 0
    reported = {text(event): event["tags"]["request_id"] for event in collector.events}
    assert reported == {"LookupError: thread": "fai", "LookupError: stream": "cut"}


@pytest.mark.parametrize(
    ("name", "code"),
    [("fails-at-once", 1), ("fails-to-open", 3), ("fails-to-close", 1), ("fails-last", 1)],
)
def test_an_error_at_the_start_or_at_the_end_is_one_event(
    collector: Receiver, name: str, code: int
) -> None:
    with start(collector, name) as running:
        if name in {"fails-to-close", "fails-last"}:
            running.said("serving")
            running.signal()
        assert running.exit_code() == code
    assert [text(it) for it in collector.events] == [f"LookupError: {name}"]
    assert collector.events[0]["exception"]["values"][-1]["stacktrace"]["frames"]


def test_the_drain_sends_what_waits(collector: Receiver) -> None:
    with start(collector) as running:
        for _ in range(REQUESTS):
            assert running.get("/fails/handler")[0] == 500
        running.signal()
        assert running.exit_code() == 0
    assert len(collector.events) == REQUESTS


@pytest.mark.parametrize("mood", ["dead", "hang", "drip", 500])
def test_a_collector_that_is_away_delays_neither_answers_nor_the_end(
    collector: Receiver, mood: str | int
) -> None:
    collector.mood = mood
    dsn = "http://key@127.0.0.1:9/1" if mood == "dead" else collector.dsn
    with start(collector, ERRORS_DSN=dsn, ERRORS_TIMEOUT_SECONDS="60") as running:
        running.said("serving")
        slowest = 0.0
        for _ in range(REQUESTS):
            began = time.monotonic()
            assert running.get("/fails/handler")[0] == 500
            slowest = max(slowest, time.monotonic() - began)
        began = time.monotonic()
        running.signal()
        assert running.exit_code() == 0
        seconds = time.monotonic() - began
        said = {line["logger"] for line in running.lines}
    figures = f"collector {mood}: slowest answer {slowest:.2f} s, the end took {seconds:.1f} s"
    print(figures)  # noqa: T201 - the figures
    assert slowest < 10  # on a machine that others use; whoever waits does so for 60 s
    assert seconds < FLUSH + BUSY
    assert not said & {"urllib3.connectionpool", "sentry_sdk.errors"}
    if mood in {"dead", 500}:
        assert "chassis.errors" in said
