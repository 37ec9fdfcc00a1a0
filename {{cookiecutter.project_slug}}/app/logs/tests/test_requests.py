from __future__ import annotations

import asyncio
import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from fastapi import APIRouter, BackgroundTasks, HTTPException
from starlette.testclient import TestClient

from app.exchange import Exchange, Trace
from app.logs import Log
from app.logs.access import AccessLog
from app.logs.threads import ContextThreads, context_threads
from app.logs.traces import inbound
from app.service import Identity, Service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Ask = Callable[..., list[dict[str, Any]]]

router = APIRouter()


def tell(where: str) -> None:
    logging.getLogger("library").info(where)
    structlog.get_logger("shop").info(where)


@router.get("/everywhere/{item}")
async def everywhere(item: str, later: BackgroundTasks) -> None:
    later.add_task(tell, "background")
    tell("endpoint")

    async def task() -> None:
        tell("task")

    await asyncio.create_task(task())
    await asyncio.to_thread(tell, "thread")
    await asyncio.get_running_loop().run_in_executor(None, tell, "executor")


@router.get("/sync")
def sync() -> None:
    tell("sync endpoint")


@router.get("/fails")
async def fails() -> None:
    raise HTTPException(503)


@router.get("/livez")
async def livez() -> None: ...


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Iterator[Ask]:
    service = Service(identity=Identity(name="shop"), environment="test", probes={"/livez"})
    service.routers.append(router)
    Log(levels={"httpx2": "ERROR"}).install(service)
    with TestClient(service.build()) as client:

        def get(path: str, **headers: str) -> list[dict[str, Any]]:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            client.get(path, headers=named)
            return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

        yield get
    Log(level="WARNING").install(Service(identity=Identity(), environment="test"))


def test_the_request_id_is_on_every_line_of_its_request_whoever_wrote_it(ask: Ask) -> None:
    lines = ask("/everywhere/1", x_request_id="abc.1") + ask("/sync", x_request_id="abc.1")
    told = [line["message"] for line in lines if line["logger"] == "library"]
    assert told == ["endpoint", "task", "thread", "executor", "background", "sync endpoint"]
    assert [line["message"] for line in lines if line["logger"] == "shop"] == told
    assert sum(line["logger"] == "app.access" for line in lines) == 2
    assert {line["request_id"] for line in lines} == {"abc.1"}


def test_an_ill_formed_request_id_is_replaced_on_every_line(ask: Ask) -> None:
    lines = ask("/sync", x_request_id='forged" id')
    (made,) = {line["request_id"] for line in lines}
    assert len(made) == 32
    assert "forged" not in json.dumps(lines)


def test_a_line_outside_a_request_has_no_request_id(
    ask: Ask, capsys: pytest.CaptureFixture[str]
) -> None:
    ask("/sync")
    tell("outside")
    assert "request_id" not in capsys.readouterr().out


TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def test_the_trace_of_the_caller_is_on_every_line(ask: Ask) -> None:
    for line in ask("/sync", traceparent=f"00-{TRACE}-{SPAN}-01"):
        assert (line["trace_id"], line["span_id"], line["trace_flags"]) == (TRACE, SPAN, "01")


@pytest.mark.parametrize(
    ("given", "flags"),
    [
        (f"00-{TRACE}-{SPAN}-00", "00"),
        (f"cc-{TRACE}-{SPAN}-01-what-comes", "01"),
        (f"00-{TRACE}-{SPAN}-01-more", None),
        (f"ff-{TRACE}-{SPAN}-01", None),
        (f"00-{TRACE.upper()}-{SPAN}-01", None),
        (f"00-{'0' * 32}-{SPAN}-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (f"00-{TRACE}-{SPAN}-01\n", None),
        ("", None),
    ],
)
def test_a_traceparent_counts_if_it_is_well_formed(given: str, flags: str | None) -> None:
    assert inbound(exchange(headers=[(b"traceparent", given.encode())])) == (
        Trace(TRACE, SPAN, flags) if flags else None
    )


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


def test_a_path_without_a_route_is_told_as_far_as_it_helps(ask: Ask) -> None:
    (line,) = ask(f"/none/{'x' * 300}?token=pl4nted")
    assert line["message"] == "GET (no route) 404"
    assert line["http.route"] is None
    assert line["url.path"] == f"/none/{'x' * 194}"
    assert "pl4nted" not in json.dumps(line)


def test_a_server_error_is_logged_as_one(ask: Ask) -> None:
    assert ask("/fails")[-1]["level"] == "error"


def test_probes_are_told_at_debug_only(ask: Ask) -> None:
    assert ask("/livez") == []
    logging.getLogger("app.access").setLevel("DEBUG")
    assert ask("/livez")[0]["level"] == "debug"
    logging.getLogger("app.access").setLevel("NOTSET")


def exchange(**scope: Any) -> Exchange:
    async def send(message: Any) -> None: ...

    service = Service(identity=Identity(), environment="test")
    whole: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "headers": [],
        "client": None,
    }
    return Exchange(whole | scope, send, service)


def test_a_request_that_was_never_answered_is_told_as_such(
    caplog: pytest.LogCaptureFixture,
) -> None:
    AccessLog(set())(exchange(path="/gone"))
    assert caplog.messages == ["GET (no route) unanswered, cut off"]
    assert caplog.records[0].levelname == "WARNING"


class Untouchable(Exchange):
    @property
    def route(self) -> str | None:
        raise AssertionError("looked at for nothing")


def test_nothing_is_worked_out_for_a_line_that_is_not_written(
    caplog: pytest.LogCaptureFixture,
) -> None:
    quiet = exchange()
    quiet.__class__ = Untouchable
    quiet.status = 200
    quiet.complete = True
    with caplog.at_level("WARNING", "app.access"):
        AccessLog(set())(quiet)
    assert caplog.messages == []


async def test_the_threads_end_without_waiting_for_a_stuck_call() -> None:
    stuck, running = threading.Event(), threading.Event()

    def call() -> None:
        running.set()
        stuck.wait(20)

    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(5):
            async with context_threads():
                loop.run_in_executor(None, call)
                await asyncio.to_thread(running.wait, 5)
            await loop.shutdown_default_executor()
    finally:
        stuck.set()


def test_a_call_that_fails_in_a_thread_fails_for_who_asked() -> None:
    def fail(number: int, *, why: str) -> None:
        raise ValueError(number, why)

    with ContextThreads() as threads, pytest.raises(ValueError, match="bad"):
        threads.submit(fail, 1, why="bad").result(5)
    assert issubclass(ContextThreads, ThreadPoolExecutor)  # all that the loop accepts
