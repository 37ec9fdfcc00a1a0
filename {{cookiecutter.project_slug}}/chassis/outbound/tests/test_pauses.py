"""How long a call pauses before it is retried."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from time import perf_counter

import httpx2
import pytest

from chassis.outbound.retries import parse_retry_after
from chassis.outbound.tests.calling import calling, count
from chassis.testing.dependency import faulty_server, respond


async def test_a_pause_lasts_as_long_as_the_service_asks(generous: None) -> None:
    async with (
        faulty_server(None, respond(429, retry_after="1")) as server,
        calling(server.url) as (client, _),
    ):
        began = perf_counter()
        assert (await client.get("/")).status_code == 200
        assert perf_counter() - began >= 1


async def test_a_pause_that_the_deadline_does_not_leave_is_not_begun(generous: None) -> None:
    async with (
        faulty_server(respond(503, retry_after="30")) as server,
        calling(server.url, timeout_seconds=20) as (client, service),
    ):
        began = perf_counter()
        assert (await client.get("/")).status_code == 503
        assert perf_counter() - began < 10
        assert len(server.received) == 1
        assert count(service, "outbound_retries_refused_total") == 0


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("0", 0),
        ("7", 7),
        (" 7 ", 7),
        ("-1", None),
        ("1.5", None),
        ("²", None),
        ("9" * 10, None),
        ("soon", None),
        ("", None),
        ("Fri, 31 Dec 1999 23:59:59 GMT", 0),
        ("Friday, 31-Dec-99 23:59:59 GMT", 0),
        ("Fri Dec 31 23:59:59 1999", 0),
        ("Fri, 31 Dec 99999999999 23:59:59 GMT", None),
        (f"Fri, 31 Dec 1999 {'9' * 20}:59:59 GMT", None),
        (f"Fri, 31 Dec 1999 23:59:59 +{'9' * 20}", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(given: str, seconds: float | None) -> None:
    headers = httpx2.Headers([(b"retry-after", given.encode("latin-1"))])
    assert parse_retry_after(httpx2.Response(503, headers=headers)) == seconds


def test_a_date_to_come_is_so_many_seconds_away() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    seconds = parse_retry_after(httpx2.Response(503, headers={"retry-after": date}))
    assert seconds is not None
    assert 28 <= seconds <= 30


async def test_pauses_are_of_random_length_from_nothing_on(
    generous: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[float, float]] = []

    def drawn(low: float, high: float) -> float:
        asked.append((low, high))
        return 0.0

    monkeypatch.setattr("chassis.outbound.retries.uniform", drawn)
    async with faulty_server(respond(503)) as server, calling(server.url) as (client, _):
        await client.get("/")
    assert asked == [(0, 0.1), (0, 0.2), *asked[2:]]
