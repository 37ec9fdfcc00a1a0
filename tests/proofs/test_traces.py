"""One trace across two services that call each other, with the log lines of both."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.proofs.carved import TEMPLATE, Carved
from tests.proofs.received import Receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proofs.carved import Replica

CALLING = str(Path(__file__).with_name("calling.py"))
COLLECTING = str(Path(__file__).with_name("collecting.py"))
RAW = str(TEMPLATE / "{{cookiecutter.project_slug}}")
FLUSH = 2.0
"""Seconds that spans get at the end: the service's default."""
BUSY = 3.0
"""Seconds that a stop takes without them, on a machine that others use."""

REQUESTS = 200
LOST = 2 * REQUESTS
"""Each request is a span, with one operation below it."""


class Collector(Receiver):
    """Takes spans for the time of a `with` block."""

    def __init__(self, service: Carved) -> None:
        """Run in that service's environment."""
        super().__init__(service, COLLECTING, PYTHONPATH=RAW, PYTHONDONTWRITEBYTECODE="1")

    def one(self, name: str) -> dict[str, Any]:
        """Wait for the only span of that name."""
        (span,) = self.wait(1, lambda item: item["name"] == name)
        return span


@pytest.fixture
def collector(everything: Carved) -> Iterator[Collector]:
    with Collector(everything) as started:
        yield started


def lines(replica: Replica, trace: str) -> list[dict[str, Any]]:
    """Log lines that belong to a trace."""
    return [line for line in replica.lines if line.get("trace_id") == trace]


def test_one_trace_spans_two_services_and_their_log_lines(
    everything: Carved, collector: Collector
) -> None:
    traced = {"TRACING_ENDPOINT": collector.address, "TRACING_INTERVAL_SECONDS": "60"}
    second = everything.serve(**traced, TRACING_RATIO="0")
    with second:
        other = f"http://{second.address.host}:{second.address.port}"
        first = everything.serve(CALLING, other, **traced, TRACING_RATIO="1")
        with first:
            assert first.ask("/relays/ada?token=pl4nted").status == 200
            assert first.ask("/livez").status == 200
            assert second.ask("/greetings/bob").status == 200
            assert first.stop() == 0
        assert second.stop() == 0
    asked, call = collector.one("GET /relays/{name}"), collector.one("outbound.other")
    served = collector.one("GET /greetings/{name}")
    assert {span["trace"] for span in (asked, call, served)} == {asked["trace"]}
    assert (asked["parent"], call["parent"], served["parent"]) == ("", asked["span"], call["span"])
    assert asked["instance"] == call["instance"] != served["instance"]
    said = {line["message"]: line["span_id"] for line in lines(first, asked["trace"])}
    assert said == {"asking": asked["span"], "GET /relays/{name} 200": asked["span"]}
    (line,) = lines(second, asked["trace"])
    assert (line["message"], line["span_id"]) == ("GET /greetings/{name} 200", served["span"])
    assert "pl4nted" not in json.dumps(collector.items)


@pytest.mark.parametrize("fault", ["stopped", "hung"])
def test_a_collector_that_is_away_delays_neither_answers_nor_the_end(
    everything: Carved, collector: Collector, fault: str
) -> None:
    traced = {"TRACING_ENDPOINT": collector.address, "TRACING_RATIO": "1"}
    with everything.serve(**traced, TRACING_INTERVAL_SECONDS="0.1") as replica:
        assert replica.ask("/greetings/ada").status == 200
        collector.one("GET /greetings/{name}")
        if fault == "stopped":
            collector.process.kill()
            collector.process.wait()
        else:
            collector.process.send_signal(signal.SIGSTOP)
        answers = [replica.ask("/greetings/bob") for _ in range(REQUESTS)]
        assert {answer.status for answer in answers} == {200}
        assert max(answer.seconds for answer in answers) < 1
        began = time.monotonic()
        assert replica.stop() == 0
        seconds = time.monotonic() - began
        assert seconds < FLUSH + BUSY
        said = [line for line in replica.lines if line["logger"] == "chassis.tracing"]
    assert (said[-1]["message"], said[-1]["failed"]) == ("spans were lost", LOST)
    assert len(said) <= 2
    print(f"collector {fault}: the end took {seconds:.1f} s")  # noqa: T201 - the figure
