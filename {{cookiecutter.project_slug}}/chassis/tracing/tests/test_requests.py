from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx2
import pytest
from opentelemetry import trace
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.testclient import TestClient

from chassis.application import Application
from chassis.exchange import current_exchange
from chassis.logs import Log
from chassis.service import Identity, Service
from chassis.tracing import Tracing
from chassis.tracing.tests.conftest import ask, parent, routes
from chassis.tracing.tests.receiver import Receiver, values

if TYPE_CHECKING:
    from chassis.tracing.tests.conftest import Make

NAME = "GET /orders/{number}/lines/{line}"
FAILS = "GET /orders/{number}/fails/{how}"
ERROR = Status.StatusCode.STATUS_CODE_ERROR
UNSET = Status.StatusCode.STATUS_CODE_UNSET


def test_a_request_is_a_span_named_after_its_route_wherever_that_was_declared(
    make: Make, collector: Receiver
) -> None:
    ask(make(), "/orders/7/lines/8", **{"user-agent": "probe/1"})
    span = collector.one(NAME)
    assert span.kind == Span.SpanKind.SPAN_KIND_SERVER
    assert span.status.code == UNSET
    assert 0 < span.end_time_unix_nano - span.start_time_unix_nano < 5e9
    attributes = values(span.attributes)
    assert attributes == {
        "http.request.method": "GET",
        "http.route": "/orders/{number}/lines/{line}",
        "http.response.status_code": 200,
        "url.scheme": "http",
        "url.path": "/orders/7/lines/8",
        "server.address": "testserver",
        "client.address": "testclient",
        "user_agent.original": "probe/1",
        "network.protocol.version": "1.1",
    }


def test_a_span_ends_when_the_answer_did_however_late_observers_are_called(
    make: Make, collector: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.exchange.time", lambda: 4e9)
    ask(make(), "/orders/7/lines/8")
    assert collector.one(NAME).end_time_unix_nano == 4 * 10**18


def test_the_resource_names_the_service_and_the_standard_variables_win(
    make: Make, collector: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id=pod-1,team=blue")
    ask(make(), "/orders/7/lines/8")
    collector.one(NAME)
    resource = {name: value for name, value in collector.origins[0].items() if "sdk" not in name}
    assert resource == {
        "service.name": "shop",
        "service.version": "7",
        "service.instance.id": "pod-1",
        "deployment.environment.name": "test",
        "vcs.ref.head.revision": "unknown",
        "team": "blue",
    }


def test_operations_are_children_of_the_span_in_which_they_began(
    make: Make, collector: Receiver
) -> None:
    ask(make(), "/orders/7/lines/8")
    request, outer = collector.one(NAME), collector.one("orders.outer")
    below = {
        "orders.price": request,
        "orders.outer": request,
        "orders.inner": outer,
        "orders.count": outer,
    }
    for name, above in below.items():
        span = collector.one(name)
        assert (span.trace_id, span.parent_span_id) == (above.trace_id, above.span_id), name
    assert values(collector.one("orders.inner").attributes) == {
        "db.system.name": "abacus",
        "rows": 3,
    }
    assert collector.one("orders.inner").kind == Span.SpanKind.SPAN_KIND_CLIENT
    assert outer.kind == Span.SpanKind.SPAN_KIND_INTERNAL


def test_an_operation_after_the_answer_belongs_to_the_trace(
    make: Make, collector: Receiver
) -> None:
    ask(make(), "/orders/7/fails/later")
    assert collector.one("orders.price").trace_id == collector.one(FAILS).trace_id


def test_only_server_errors_are_errors_and_no_message_is_sent(
    make: Make, collector: Receiver
) -> None:
    ask(make(), "/orders/7/fails/missing")
    missing = collector.one(FAILS)
    assert missing.status.code == UNSET
    assert values(missing.attributes)["http.response.status_code"] == 404
    collector.spans.clear()
    with TestClient(Application(make()), raise_server_exceptions=False) as client:
        assert client.get("/orders/7/fails/badly").status_code == 500
    failed, inner = collector.one(FAILS), collector.one("orders.failing")
    assert (failed.status.code, inner.status.code) == (ERROR, ERROR)
    assert values(failed.attributes)["error.type"] == "500"
    assert values(inner.attributes)["error.type"] == "LookupError"
    assert b"s3cret" not in collector.raw


def test_neither_query_nor_header_nor_secret_is_in_a_span(collector: Receiver) -> None:
    service = Service(
        identity=Identity(name="t"), environment="test", secrets=frozenset({"hunter2-hunter2"})
    )
    Tracing(endpoint=collector.url, ratio=1, interval_seconds=0.05).install(service)
    app = Application(service)
    heads = {
        "authorization": "Bearer pl4nted-token",
        "cookie": "id=pl4nted",
        "user-agent": "x/hunter2-hunter2",
        "x-pl4nted": "pl4nted",
        "host": "hunter2-hunter2:80",
    }
    with TestClient(app) as client:
        client.get("/reset/hunter2-hunter2?token=pl4nted#pl4nted", headers=heads)
    assert values(collector.one("GET").attributes)["url.path"] == "/reset/**********"
    assert b"pl4nted" not in collector.raw
    assert b"hunter2" not in collector.raw


def test_long_and_unknown_texts_of_clients_are_cut_and_name_no_span(
    make: Make, collector: Receiver
) -> None:
    with TestClient(Application(make())) as client:
        client.request("BREW", "/" + "y" * 5000, headers={"user-agent": "z" * 5000})
    attributes = values(collector.one("HTTP").attributes)
    assert attributes["http.request.method"] == "_OTHER"
    assert len(attributes["url.path"]) + len(attributes["user_agent.original"]) < 600


def test_probes_are_not_traced(make: Make, collector: Receiver) -> None:
    with TestClient(Application(make())) as client:
        client.get("/orders/1/alive", headers=parent())
        client.get("/orders/2/alive")
    assert len(collector.named("GET /orders/{number}/alive")) == 1
    assert len(collector.named("orders.alive")) == 1


def test_spans_that_other_code_makes_follow_the_request(make: Make, collector: Receiver) -> None:
    service = make(ratio=0)
    tracer = service.resources[TracerProvider].get_tracer("library")
    app = Application(service)

    @app.get("/library")
    async def library() -> bool:
        trace.get_current_span().set_attribute("tea", "green")
        with tracer.start_as_current_span("of a library") as span:
            return bool(span.is_recording())

    with TestClient(app) as client:
        assert client.get("/library").json() is False
        assert client.get("/library", headers=parent()).json() is True
    assert collector.one("of a library").parent_span_id == collector.one("GET /library").span_id
    assert values(collector.one("GET /library").attributes)["tea"] == "green"


def test_the_librarys_own_propagation_names_the_trace_of_an_unsampled_request(make: Make) -> None:
    app = Application(make(ratio=0))

    @app.get("/library")
    async def library() -> list[str]:
        headers: dict[str, str] = {}
        TraceContextTextMapPropagator().inject(headers)
        exchange = current_exchange.get()
        assert exchange
        assert exchange.trace
        return [headers["traceparent"], f"00-{'-'.join(exchange.trace)}"]

    with TestClient(app) as client:
        sent, own = client.get("/library").json()
    assert sent == own


async def test_a_request_leaves_no_span_behind_where_it_was_served(make: Make) -> None:
    service = make()
    app = Application(service)
    transport = httpx2.ASGITransport(app)
    async with (
        service.lifespan(app),
        httpx2.AsyncClient(transport=transport, base_url="http://t") as client,
    ):
        assert int((await client.get("/orders/7/ids")).json()[2], 16) & 1
        assert trace.get_current_span() is trace.INVALID_SPAN


@pytest.mark.usefixtures("logging_as_it_was")
@pytest.mark.parametrize("ratio", [0, 1])
@pytest.mark.parametrize("first", ["log", "tracing"])
def test_every_line_of_a_request_names_the_current_span_whichever_feature_is_first(
    collector: Receiver, capsys: pytest.CaptureFixture[str], ratio: int, first: str
) -> None:
    service = Service(identity=Identity(name="t"), environment="test")
    tracing = Tracing(endpoint=collector.url, ratio=ratio, interval_seconds=0.05)
    for feature in (Log(), tracing) if first == "log" else (tracing, Log()):
        feature.install(service)
    service.routers.append(routes(service))
    sent = ask(service, "/orders/7/lines/8")
    lines = {
        line["message"]: line for line in map(json.loads, capsys.readouterr().out.splitlines())
    }
    own = lines["outside"], lines["inside"], lines[f"{NAME} 200"]
    assert {line["trace_id"] for line in own} == {sent["traceparent"].split("-")[1]}
    if ratio:
        request, outer = collector.one(NAME).span_id.hex(), collector.one("orders.outer")
        assert [line["span_id"] for line in own] == [request, outer.span_id.hex(), request]
    assert {int(line["trace_flags"], 16) & 1 for line in own} == {ratio}


async def test_an_operation_outside_of_a_trace_makes_none(make: Make, collector: Receiver) -> None:
    service = make()
    app = Application(service)
    async with service.lifespan(app):
        from chassis.timing import track  # noqa: PLC0415 - beside its use

        with track("orders.alone"):
            assert not [given() for given in service.outgoing_headers if given()]
    assert not collector.asked
