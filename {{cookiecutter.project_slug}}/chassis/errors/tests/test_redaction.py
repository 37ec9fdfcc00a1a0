"""A secret appears nowhere in an event, wherever it stood."""

from __future__ import annotations

import logging
from collections import namedtuple
from typing import TYPE_CHECKING, Any

import pytest
import sentry_sdk
import structlog

if TYPE_CHECKING:
    from chassis.errors.tests.conftest import Make
    from chassis.errors.tests.receiver import Receiver

KNOWN = "hunter2-hunter2"
"""The value of a secret setting."""
PLANTED = "pl4nted-4-6"
"""Another secret. Code below names it, because a report shows lines of the source."""
log = logging.getLogger("orders")
Login = namedtuple("Login", "user password")  # noqa: PYI024 - such as libraries have


class Broken:
    def __repr__(self) -> str:
        raise RuntimeError(KNOWN)


def chain() -> None:
    try:
        group()
    except ExceptionGroup as error:
        error.add_note(f"Authorization: Bearer {KNOWN}")
        raise ValueError(f"amqp://app:{PLANTED}@queue/orders") from error


def group() -> None:
    raise ExceptionGroup(KNOWN, [ValueError(KNOWN), TypeError(f"api_key={PLANTED}")])


def statement() -> None:
    raise RuntimeError(f"UPDATE users SET password='{PLANTED}', email='{KNOWN}'")  # noqa: S608 - is not run


def exceptions(fail: Any) -> Any:
    def report() -> None:
        try:
            fail()
        except Exception:
            log.exception("it failed with %s", KNOWN)

    return report


def crumbs() -> None:
    sentry_sdk.add_breadcrumb(message=f"token={KNOWN}", data={"password": PLANTED, "q": KNOWN})
    sentry_sdk.capture_message(f"said {KNOWN}")


def scope() -> None:
    sentry_sdk.set_user({"id": "ada", "session_token": PLANTED})
    sentry_sdk.set_tag("tag", KNOWN)
    sentry_sdk.set_context("login", {"password": PLANTED, "deep": [{"api_key": PLANTED}]})
    sentry_sdk.set_extra("cookie", PLANTED)
    sentry_sdk.capture_message("asked")


def request() -> None:
    asked: dict[str, object] = {
        "url": f"https://ada:{KNOWN}@shop/?access_token={PLANTED}",
        "query_string": f"access_token={PLANTED}&q={KNOWN}",
        "headers": {"Authorization": f"Bearer {PLANTED}", "Cookie": f"id={PLANTED}", "X": KNOWN},
        "cookies": {"session": PLANTED},
        "data": {"password": PLANTED, "card": KNOWN},
    }
    sentry_sdk.capture_event({"message": "asked", "request": asked})


CORPUS = {
    "message": lambda: log.error("password=%s %s", PLANTED, KNOWN),
    "fields": lambda: log.error("x", extra={"password": PLANTED, "a": {"token": PLANTED}}),
    "event": lambda: structlog.get_logger("orders").error("x", api_key=PLANTED, of=KNOWN),
    "mapping": lambda: log.error({"password": PLANTED, "of": KNOWN}),
    "tuple": lambda: log.error("x", extra={"login": Login("ada", PLANTED)}),
    "header": lambda: log.error("x", extra={"header": ("cookie", PLANTED)}),
    "url": lambda: log.error("GET https://ada:%s@shop/?token=%s", PLANTED, PLANTED),
    "broken": lambda: log.error("%s", Broken()),
    "logger": lambda: logging.getLogger(f"of.{KNOWN}").error("x"),
    "chain": exceptions(chain),
    "group": exceptions(group),
    "statement": exceptions(statement),
    "crumbs": crumbs,
    "scope": scope,
    "request": request,
}


@pytest.mark.parametrize("name", CORPUS)
def test_a_secret_appears_nowhere(make: Make, collector: Receiver, name: str) -> None:
    make(secrets=frozenset({KNOWN}))
    with sentry_sdk.isolation_scope():
        CORPUS[name]()
    event = collector.one()
    assert event["event_id"]
    assert event["release"] == "shop@7"
    sent = collector.raw.decode()
    assert KNOWN not in sent
    assert PLANTED not in sent
    assert "**********" in sent


def test_a_report_stays_below_what_collectors_take(make: Make, collector: Receiver) -> None:
    make()

    def deeper(depth: int) -> None:
        if depth:
            deeper(depth - 1)
        raise LookupError("x" * 1_000_000)

    try:
        deeper(500)
    except LookupError:
        log.exception("y" * 1_000_000, extra={"z": ["z" * 100_000] * 100})
    event = collector.one()
    assert len(collector.raw) < 1_000_000
    assert event["exception"]["values"][0]["stacktrace"]["frames"][-1]["function"] == "deeper"
