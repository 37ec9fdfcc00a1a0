from __future__ import annotations

import json
import logging
import queue
import sys
import threading
from contextlib import contextmanager
from logging.handlers import QueueHandler
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from chassis.application import Application
from chassis.logs import Log, access
from chassis.logs.pipeline import LineHandler, install_hooks
from chassis.logs.tests.talking import log_in, router
from chassis.service import Identity, Service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Ask = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Iterator[Ask]:
    service = Service(identity=Identity(name="shop"), environment="test", probes={"/livez"})
    service.routers.append(router)
    Log(levels={"httpx2": "ERROR"}).install(service)
    with TestClient(Application(service)) as client:

        def get(path: str, **headers: str) -> list[dict[str, Any]]:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            client.get(path, headers=named)
            return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

        yield get
    Log(level="WARNING").install(Service(identity=Identity(), environment="test"))


def test_the_request_id_is_on_every_line_of_its_request_whichever_logger_wrote_it(ask: Ask) -> None:
    lines = ask("/everywhere/1", x_request_id="abc.1") + ask("/sync", x_request_id="abc.1")
    messages = [line["message"] for line in lines if line["logger"] == "library"]
    assert messages == ["endpoint", "task", "thread", "executor", "background", "sync endpoint"]
    assert [line["message"] for line in lines if line["logger"] == "shop"] == messages
    assert sum(line["logger"] == "app.access" for line in lines) == 2
    assert {line["request_id"] for line in lines} == {"abc.1"}


@pytest.mark.parametrize("kind", ["task", "thread"])
def test_an_error_that_nobody_catches_carries_the_id_of_the_request_that_started_it(
    ask: Ask, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)
    monkeypatch.setattr(threading.Thread, "start", threading.Thread.start)
    install_hooks()
    if kind == "task" and sys.version_info < (3, 12):
        pytest.skip("a task tells its context since Python 3.12")
    lines = ask(f"/abandons/{kind}", x_request_id="abc.1") + ask("/collects", x_request_id="other")
    (line,) = (line for line in lines if line.get("exception.message") == "nobody catches it")
    assert line["request_id"] == "abc.1"


def test_an_ill_formed_request_id_is_replaced_on_every_line(ask: Ask) -> None:
    lines = ask("/sync", x_request_id='forged" id')
    (made,) = {line["request_id"] for line in lines}
    assert len(made) == 32
    assert "forged" not in json.dumps(lines)


def test_a_line_outside_a_request_has_no_request_id(
    ask: Ask, capsys: pytest.CaptureFixture[str]
) -> None:
    ask("/sync")
    log_in("outside")
    assert "request_id" not in capsys.readouterr().out


TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def test_the_trace_of_the_caller_is_on_every_line(ask: Ask) -> None:
    for line in ask("/sync", traceparent=f"00-{TRACE}-{SPAN}-01"):
        assert (line["trace_id"], line["span_id"], line["trace_flags"]) == (TRACE, SPAN, "01")


def test_an_answer_makes_one_line_without_the_query(ask: Ask) -> None:
    (line,) = (line for line in ask("/sync?token=pl4nted") if line["logger"] == "app.access")
    assert line["message"] == "GET /sync 200"
    assert line["level"] == "info"
    assert line["http.request.method"] == "GET"
    assert line["http.route"] == "/sync"
    assert line["http.response.status_code"] == 200
    assert line["http.response.body.size"] == len("null")
    assert line["client.address"] == "testclient"
    assert 0 < line["duration_ms"] < 10_000
    assert "url.path" not in line
    assert "pl4nted" not in json.dumps(line)


@contextmanager
def no_other_handler() -> Iterator[None]:
    """Remove pytest's own handlers, which handle every record."""
    root = logging.getLogger()
    kept = root.handlers[:]
    root.handlers[:] = [handler for handler in kept if isinstance(handler, LineHandler)]
    try:
        yield
    finally:
        root.handlers[:] = kept


@pytest.mark.parametrize(
    "headers", [{}, {"x_request_id": "a.b_c-1"}, {"traceparent": f"00-{TRACE}-{SPAN}-01"}]
)
@pytest.mark.parametrize("path", ["/sync", "/fails", "/everywhere/1"])
def test_a_line_with_shared_text_is_what_the_formatter_would_write(
    ask: Ask, path: str, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def line() -> dict[str, Any]:
        (line,) = (line for line in ask(path, **headers) if line["logger"] == "app.access")
        return line

    in_full = line()
    monkeypatch.setattr(access.logger, "handle", None)
    with no_other_handler():
        first, again = line(), line()
    lines = (in_full, first, again)
    for figure in ("timestamp", "duration_ms", "request_id"):
        assert len({type(line[figure]) for line in lines}) == 1
    if "x_request_id" not in headers:
        assert len({line["request_id"] for line in lines}) == 3
    for entry in lines:
        entry |= {"timestamp": "", "duration_ms": 0, "request_id": ""}
    assert json.dumps(in_full) == json.dumps(first) == json.dumps(again)


def test_a_line_says_when_the_answer_ended_however_late_it_is_written(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.exchange.time", lambda: 1.5)
    with no_other_handler():
        for path in ("/sync", "/sync", "/bound"):
            assert ask(path)[-1]["timestamp"] == "1970-01-01T00:00:01.500000Z"


def test_what_is_bound_to_the_context_is_on_the_line(ask: Ask) -> None:
    with no_other_handler():
        assert ask("/bound")[-1]["tenant"] == "acme"
        assert "tenant" not in ask("/sync")[-1]


@pytest.mark.parametrize("where", ["app.access", "app"])
def test_a_line_reaches_other_handlers(ask: Ask, where: str) -> None:
    logger, heard = logging.getLogger(where), queue.SimpleQueue[logging.LogRecord]()
    logger.addHandler(handler := QueueHandler(heard))
    try:
        with no_other_handler():
            ask("/fails")
    finally:
        logger.removeHandler(handler)
    assert heard.get_nowait().getMessage() == "GET /fails 503"
    assert heard.empty()


@pytest.mark.parametrize("keep", ["filter", "silence", "other records"])
def test_a_logger_that_was_altered_stays_altered(ask: Ask, keep: str) -> None:
    logger = access.logger
    before = logging.getLogRecordFactory()
    if keep == "filter":
        logger.addFilter(lambda _: False)
    elif keep == "silence":
        logger.propagate = False
    else:
        logging.setLogRecordFactory(lambda *a, **k: before(*a[:4], "changed", (), *a[6:], **k))
    try:
        with no_other_handler():
            messages = [line["message"] for line in ask("/fails")]
    finally:
        logger.filters.clear()
        logger.propagate = True
        logging.setLogRecordFactory(before)
    assert messages == (["changed"] if keep == "other records" else [])


def test_a_path_without_a_route_is_logged_up_to_200_characters(ask: Ask) -> None:
    (line,) = ask(f"/none/{'x' * 300}?token=pl4nted")
    assert line["message"] == "GET (no route) 404"
    assert line["http.route"] is None
    assert line["url.path"] == f"/none/{'x' * 194}"
    assert "pl4nted" not in json.dumps(line)


def test_a_server_error_is_logged_as_one(ask: Ask) -> None:
    assert ask("/fails")[-1]["level"] == "error"


def test_probes_are_logged_at_debug_only(ask: Ask) -> None:
    assert ask("/livez") == []
    logging.getLogger("app.access").setLevel("DEBUG")
    assert ask("/livez")[0]["level"] == "debug"
    logging.getLogger("app.access").setLevel("NOTSET")
