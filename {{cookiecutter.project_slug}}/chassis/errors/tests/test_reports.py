"""Each error is one event, with what its log line has."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
import sentry_sdk
from starlette.testclient import TestClient

from chassis.application import Application
from chassis.errors.tests.receiver import text

if TYPE_CHECKING:
    from chassis.errors.tests.conftest import Make
    from chassis.errors.tests.receiver import Receiver
    from chassis.service import Service

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
ID = {"x-request-id": "r-1"}


def ask(service: Service, *paths: str, **headers: str) -> None:
    with TestClient(Application(service), raise_server_exceptions=False) as client:
        for path in paths:
            client.get(path, headers=ID | headers)


def test_an_unhandled_exception_is_one_line_and_one_event_that_names_the_request(
    make: Make, collector: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(make(), "/fails/handler?token=pl4nted")
    event = collector.one()
    lines = [json.loads(it) for it in capsys.readouterr().out.splitlines()]
    assert [it["message"] for it in lines if "exception.type" in it] == ["unhandled exception"]
    assert text(event) == "LookupError: handler"
    assert event["logentry"]["formatted"] == "unhandled exception"
    assert event["transaction"] == "GET /fails/{how}"
    assert event["tags"] == {"request_id": "r-1", "revision": "abc"}
    assert (event["release"], event["environment"]) == ("shop@7", "test")
    assert event["request"] == {"method": "GET", "url": "/fails/handler"}
    frames = event["exception"]["values"][0]["stacktrace"]["frames"]
    assert frames[-1]["function"] == "fail"
    assert frames[-1]["context_line"].strip() == "raise LookupError(how)"
    assert not [frame for frame in frames if "vars" in frame]
    assert "handled" not in event["exception"]["values"][0]["mechanism"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/fails/handler", "LookupError: handler"),
        ("/fails/later", "LookupError: later"),
        ("/fails/task", "LookupError: task"),
        ("/fails/twice", "LookupError: twice"),
        ("/fails/line", "no tea is left"),
    ],
)
def test_an_error_is_one_event_with_the_request_id_wherever_it_occurs(
    make: Make, collector: Receiver, path: str, expected: str
) -> None:
    ask(make(), path, "/fails/warning")
    event = collector.one()
    sentry_sdk.flush(1)
    assert [text(it) for it in collector.events] == [expected]
    assert event["tags"]["request_id"] == "r-1"


def test_a_line_is_an_event_with_its_fields(make: Make, collector: Receiver) -> None:
    ask(make(), "/fails/line")
    event = collector.one()
    assert (event["level"], event["logger"]) == ("error", "orders")
    assert event["logentry"]["message"] == "no %s is left"
    assert event["extra"] == {"pot": "blue", "password": "**********"}
    assert "exception" not in event


def test_a_line_that_cannot_be_formatted_is_an_event(make: Make, collector: Receiver) -> None:
    make()
    logging.getLogger("orders").error("%d pots", "no")
    assert text(collector.one()) == "%d pots"


def test_an_exception_that_a_message_shows_is_the_exception_of_the_event(
    make: Make, collector: Receiver
) -> None:
    make()
    logging.getLogger("orders").critical("could not start: %s", LookupError("tea"))
    assert text(collector.one()) == "LookupError: tea"
    assert collector.events[0]["level"] == "fatal"


def test_the_trace_is_the_one_of_the_log_lines(make: Make, collector: Receiver) -> None:
    ask(make(), "/fails/handler", traceparent=f"00-{TRACE}-{SPAN}-01")
    assert collector.one()["contexts"]["trace"] == {"trace_id": TRACE, "span_id": SPAN}


def test_an_error_before_the_route_is_known_leaves_the_route_to_be_found(
    make: Make, collector: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    service = make()

    def early(app: Any) -> Any:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                logging.getLogger("orders").error("early")
            await app(scope, receive, send)

        return serve

    service.middleware.append(early)
    ask(service, "/fails/nothing")
    assert "transaction" not in collector.one()
    assert "GET /fails/{how} 200" in capsys.readouterr().out


def test_what_code_says_of_a_request_stays_with_it(make: Make, collector: Receiver) -> None:
    ask(make(), "/users/ada", "/users/nobody")
    collector.wait(lambda: len(collector.events) == 2)
    ada, nobody = collector.events
    assert ada["user"]["id"] == "ada"
    assert "user" not in nobody


def test_no_more_are_reported_in_a_minute_than_allowed_and_that_is_logged_once(
    make: Make, collector: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    service = make(max_per_minute=2)
    ask(service, *["/fails/handler"] * 5)
    sentry_sdk.flush(5)
    assert len(collector.events) == 2
    lines = [json.loads(it) for it in capsys.readouterr().out.splitlines()]
    (line,) = [it for it in lines if it["logger"] == "chassis.errors"]
    assert line["message"] == "error reports are dropped"
    assert line["reason"] == "ERRORS_MAX_PER_MINUTE reached"
    counted = {name: service.counters[f"errors_{name}_total"]() for name in ("reported", "dropped")}
    assert counted == {"reported": 2, "dropped": 3}


def test_the_ratio_is_the_share_that_is_reported(make: Make, collector: Receiver) -> None:
    make(ratio=0.5, max_per_minute=1000)
    for number in range(100):
        logging.getLogger("orders").error("%d", number)
    sentry_sdk.flush(5)
    assert 20 < len(collector.events) < 80  # 6 standard deviations


def test_access_lines_share_their_text_all_the_same(
    make: Make, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from chassis.logs.access import AccessLog  # noqa: PLC0415 - beside its use

    service = make()
    monkeypatch.setattr(AccessLog, "_log", None)
    ask(service, "/fails/nothing")
    assert "GET /fails/{how} 200" in capsys.readouterr().out
