"""Whose trace a request continues, which share is recorded, and what is passed on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Status
from starlette.testclient import TestClient

from chassis.application import Application
from chassis.tracing.tests.conftest import SPAN, TRACE, ask, parent

if TYPE_CHECKING:
    from chassis.tracing.tests.conftest import Make
    from chassis.tracing.tests.receiver import Receiver

NAME = "GET /orders/{number}/lines/{line}"
FAILS = "GET /orders/{number}/fails/{how}"
ERROR = Status.StatusCode.STATUS_CODE_ERROR
UNSET = Status.StatusCode.STATUS_CODE_UNSET


def test_the_callers_trace_is_continued_and_passed_on(make: Make, collector: Receiver) -> None:
    sent = ask(make(ratio=0), "/orders/7/lines/8", **parent(), tracestate="a=1,b=2")
    span = collector.one(NAME)
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, SPAN)
    assert sent["traceparent"].startswith(f"00-{TRACE}-{span.span_id.hex()}-0")
    assert int(sent["traceparent"][-2:], 16) & 1
    assert sent["tracestate"] == "a=1,b=2"


def test_a_caller_that_does_not_trace_is_followed_too_and_the_ids_are_passed_on(
    make: Make, collector: Receiver
) -> None:
    sent = ask(make(ratio=1), "/orders/7/lines/8", **parent("00"), tracestate="a=1")
    version, trace_id, span_id, flags = sent["traceparent"].split("-")
    assert (version, trace_id, flags) == ("00", TRACE, "00")
    assert span_id != SPAN
    assert sent["tracestate"] == "a=1"
    assert not collector.asked


@pytest.mark.parametrize("given", ["junk", f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{SPAN}-01-x"])
def test_a_malformed_caller_begins_a_new_trace(make: Make, collector: Receiver, given: str) -> None:
    sent = ask(make(), "/orders/7/lines/8", traceparent=given, tracestate="a=1")
    assert not collector.one(NAME).parent_span_id
    assert TRACE not in sent["traceparent"]
    assert "tracestate" not in sent


@pytest.mark.parametrize("given", ["a=1," * 200, "a\x01=1", "=", "a=" + "b" * 600])
def test_a_strange_tracestate_is_not_passed_on(make: Make, given: str) -> None:
    assert "tracestate" not in ask(make(), "/orders/7/lines/8", **parent(), tracestate=given)


def test_callers_that_are_not_trusted_decide_nothing(make: Make, collector: Receiver) -> None:
    sent = ask(make(ratio=0, trust_callers=False), "/orders/7/lines/8", **parent())
    assert TRACE not in sent["traceparent"]
    ask(make(trust_callers=False), "/orders/7/lines/8", **parent("00"))
    assert collector.one(NAME).trace_id.hex() != TRACE


def test_at_ratio_0_nothing_is_made_nor_sent_but_every_request_has_ids(
    make: Make, collector: Receiver
) -> None:
    service = make(ratio=0)
    with TestClient(Application(service)) as client:
        traces = [client.get("/orders/7/ids").json() for _ in range(10)]
        client.get("/orders/7/lines/8")
    assert len({trace_id for trace_id, _, _ in traces}) == 10
    assert {int(flags, 16) & 1 for _, _, flags in traces} == {0}
    assert not collector.asked


def test_the_ratio_is_the_share_of_requests_that_are_traced(
    make: Make, collector: Receiver
) -> None:
    with TestClient(Application(make(ratio=0.5))) as client:
        for _ in range(200):
            client.get("/orders/2/alive")
    assert 60 < len(collector.named("orders.alive")) < 140  # 5.6 standard deviations
    assert len(collector.named("GET /orders/{number}/alive")) == len(
        collector.named("orders.alive")
    )
