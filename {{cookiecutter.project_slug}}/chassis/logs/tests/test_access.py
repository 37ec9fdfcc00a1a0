"""The access log on its own: callers' traces, unusual exchanges, and lines below the level."""

from __future__ import annotations

from typing import Any

import pytest

from chassis.exchange import Exchange, Trace
from chassis.logs.access import AccessLog
from chassis.logs.formatter import LineFormatter
from chassis.logs.layout import to_json
from chassis.logs.pipeline import LineHandler
from chassis.logs.redaction import Redactor
from chassis.logs.traceparent import caller_trace
from chassis.service import Identity, Service

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
    AccessLog(set(), quiet_handler())(exchange(path="/gone"))
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
        AccessLog(set(), quiet_handler())(quiet)
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
