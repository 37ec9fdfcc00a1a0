"""The access log on its own: callers' traces, unusual exchanges, and lines below the level."""

from __future__ import annotations

import json
import logging
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

import pytest
from starlette.routing import Route
from structlog.contextvars import bind_contextvars

from chassis.exchange import Exchange, Trace, current_exchange
from chassis.logs.access import AccessLog
from chassis.logs.formatter import LineFormatter
from chassis.logs.layout import to_json
from chassis.logs.pipeline import LineHandler
from chassis.logs.redaction import Redactor
from chassis.logs.traceparent import caller_trace
from chassis.service import Identity, Service

if TYPE_CHECKING:
    from collections.abc import Callable

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


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


def quiet_handler() -> LineHandler:
    return LineHandler(LineFormatter(Redactor(()), to_json, {}), {})


def test_a_request_that_was_never_answered_is_logged_as_such(
    caplog: pytest.LogCaptureFixture,
) -> None:
    AccessLog(set(), quiet_handler(), lambda call: call())(exchange(path="/gone"))
    assert caplog.messages == ["GET (no route) unanswered, cut off"]
    assert caplog.records[0].levelname == "WARNING"


class Untouchable(Exchange):
    @property
    def route(self) -> str | None:
        raise AssertionError("looked at for nothing")


def test_a_line_below_the_level_costs_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    quiet = exchange()
    quiet.__class__ = Untouchable
    quiet.status = 200
    quiet.complete = True
    with caplog.at_level("WARNING", "app.access"):
        AccessLog(set(), quiet_handler(), lambda call: call())(quiet)
    assert caplog.messages == []


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
    assert caller_trace(exchange(headers=[(b"traceparent", given.encode())])) == (
        Trace(TRACE, SPAN, flags) if flags else None
    )


class Writes:
    """What an access log writes, each write apart, with the only handler of the process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[Callable[[], None]] = []
        self.log = AccessLog(set(), handler := quiet_handler(), self.calls.append)
        self.lines: list[list[dict[str, Any]]] = []
        monkeypatch.setattr(handler.sink, "write", self._note)
        root, access = logging.getLogger(), logging.getLogger("app.access")
        monkeypatch.setattr(root, "handlers", [handler])
        monkeypatch.setattr(access, "level", logging.INFO)

    def _note(self, lines: str) -> None:
        self.lines.append([json.loads(line) for line in lines.split("\n")])

    def ids(self) -> list[list[str]]:
        """Run the calls that wait; return the request ids of each write."""
        while self.calls:
            self.calls.pop(0)()
        return [[line["request_id"] for line in lines] for lines in self.lines]


def serve(log: AccessLog, request_id: str, **bound: str) -> None:
    headers = [(b"x-request-id", request_id.encode())]
    answered = exchange(headers=headers, endpoint=serve, route=Route("/orders", serve))
    answered.status, answered.complete, answered.seconds = 200, True, 0.001
    current_exchange.set(answered)
    bind_contextvars(**bound)
    log(answered)


def test_requests_that_end_together_are_logged_with_one_write_in_their_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    writes = Writes(monkeypatch)
    for request_id in "abc":
        copy_context().run(serve, writes.log, request_id)
    assert writes.lines == []
    assert len(writes.calls) == 1
    assert writes.ids() == [["a", "b", "c"]]
    copy_context().run(serve, writes.log, "d")
    assert writes.ids() == [["a", "b", "c"], ["d"]]


def test_a_line_of_its_own_kind_comes_after_those_that_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    writes = Writes(monkeypatch)
    copy_context().run(serve, writes.log, "a")
    copy_context().run(serve, writes.log, "b", tenant="acme")
    copy_context().run(serve, writes.log, "c")
    assert writes.ids() == [["a"], ["b"], ["c"]]
    assert [line.get("tenant") for (line,) in writes.lines] == [None, "acme", None]
