"""R4: every line is one JSON object, none is lost, no secret is in any, and each names its request.

That no line is broken, on standard output or error, is what a replica checks when it ends.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.proofs.carved import FAULTY, Carved, Replica

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KNOWN = f"known+{secrets.token_urlsafe(32)}/="
PASSWORD = f"pw-{secrets.token_hex(16)}"
QUERY = f"query-{secrets.token_hex(16)}"
ASKED = f"known={quote(KNOWN, safe='')}&password={PASSWORD}&page={QUERY}"
PLANTED = (KNOWN, quote(KNOWN), quote(KNOWN, safe=""), KNOWN[:24], KNOWN[-24:], PASSWORD, QUERY)
PRODUCTION = {
    "SECURITY_MAX_WAIT_SECONDS": "3600",  # none of fifty at once is refused
    "ENVIRONMENT": "production",
    "SERVER_HOST": "127.0.0.1",
    "SERVER_PORT": "0",
    "SERVER_DRAIN_SECONDS": "0",
    "METRICS_PORT": "0",
    "SECURITY_ALLOWED_HOSTS": "127.0.0.1",
    "HEALTH_TOKEN": KNOWN,
}
ALWAYS = {"timestamp", "level", "logger", "message", "service.name"}
LIMIT = 65_536
AT_ONCE = 50


@pytest.fixture(scope="module")
def replica(self_contained: Carved, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replica]:
    folder = tmp_path_factory.mktemp("moods")
    with self_contained.serve(FAULTY, str(folder), **PRODUCTION) as started:
        yield started
        assert started.stop() == 0
        assert not started.broken
        assert all(line.keys() >= ALWAYS for line in started.lines)
        assert max(map(len, started.output)) <= LIMIT
        assert_hidden(started)


def assert_hidden(replica: Replica) -> None:
    """Look for what was planted, in what was written and in what a reader makes of it."""
    written = b"".join(replica.output).decode() + repr(replica.lines)
    for form in PLANTED:
        where = written.find(form)
        assert where < 0, written[max(0, where - 300) : where + 100]


def of_request(replica: Replica, request_id: str) -> list[dict[str, object]]:
    """Wait for the access line of a request, which comes last; give the lines before it."""
    marker = f"end-of-{request_id}"
    replica.ask("/nowhere", X_Request_ID=marker)
    with replica.news:
        assert replica.news.wait_for(
            lambda: any(line.get("request_id") == marker for line in replica.lines), 30
        )
    return [line for line in replica.lines if line.get("request_id") == request_id]


@pytest.mark.parametrize("path", ["/hostile", "/hostile-sync"])
def test_no_value_breaks_or_loses_a_line_and_each_names_its_request(
    replica: Replica, path: str
) -> None:
    request_id = f"hostile{path.replace('/', '.')}"
    answer = replica.ask(path, X_Request_ID=request_id)
    assert answer.status == 200
    expected = Counter(json.loads(answer.body))
    lines = of_request(replica, request_id)
    came = Counter(line["logger"] for line in lines)
    assert expected - came == Counter()
    assert came - expected == Counter({"app.access": 1})
    print(f"R4: {path}: {expected.total()} hostile records, none lost")  # noqa: T201 - the figure


def test_what_fails_or_warns_without_a_logger_is_a_line_too(replica: Replica) -> None:
    marker = secrets.token_hex(8)
    assert replica.ask(f"/stray?marker={marker}", X_Request_ID="stray").status == 200
    replica.ask("/nowhere")
    of_request(replica, "stray")
    text = [json.dumps(line) for line in replica.lines]
    ways = ("warning", "unraisable", "thread", "callback", "task")
    own = ("uvicorn", "access", "level", "asyncio")
    for way in (*ways, *own):
        assert any(f"{marker}-{way}" in line for line in text), way


def test_no_secret_is_written_wherever_it_turns_up(replica: Replica) -> None:
    assert replica.ask(f"/secrets?{ASKED}", X_Request_ID="secrets").status == 200
    failed = replica.ask(f"/failing?{ASKED}", X_Request_ID="failing")
    assert failed.status == 500
    assert PASSWORD not in failed.body
    assert KNOWN not in failed.body
    for path in (quote(KNOWN), quote(KNOWN, safe=""), f"a{quote(KNOWN)}b", "x" * 190 + KNOWN):
        replica.ask(f"/nowhere/{path}?{ASKED}", Authorization=f"Bearer {KNOWN}")
    replica.ask("/health", Authorization=f"Bearer {KNOWN}", Cookie=f"session={PASSWORD}")
    replica.ask("/greetings", "POST", **{"Content-Type": "application/json", KNOWN[:5]: PASSWORD})
    lines = of_request(replica, "secrets")
    assert sum("**********" in json.dumps(line) for line in lines) > 80
    (error,) = [
        line for line in of_request(replica, "failing") if line["message"] == "unhandled exception"
    ]
    trace = str(error["exception.stacktrace"])
    assert "does not open it" in trace
    assert "refused by amqp://orders:**********@queue.internal/" in trace
    assert "tried with **********, 1 headers" in trace
    assert_hidden(replica)


def test_ids_never_mix_among_fifty_requests_at_once(replica: Replica) -> None:
    asked: dict[str, str] = {}
    given: dict[str, str] = {}
    expected: Counter[str] = Counter()

    def ask(number: int) -> None:
        who = f"user-{number}"
        path = "/chatter" if number % 2 else "/chatter-sync"
        own = {"X_Request_ID": f"id.{number}"} if number % 3 else {}
        answer = replica.ask(f"{path}/{who}", **own)
        assert answer.status == 200
        heads = dict(line.split(": ", 1) for line in answer.head.lower().splitlines() if line)
        given[who] = heads["x-request-id"]
        expected[who] = 18 if number % 2 else 10
        asked[who] = own.get("X_Request_ID", given[who])

    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(ask, range(AT_ONCE)))
    of_request(replica, "none")
    assert given == asked
    assert len(set(given.values())) == AT_ONCE
    said = [line for line in replica.lines if "who" in line]
    assert {line["request_id"] for line in said} == set(given.values())
    assert all(line["request_id"] == given[line["who"]] for line in said)
    assert Counter(line["who"] for line in said) == expected


def test_a_service_that_cannot_open_says_so_in_lines_without_secrets(
    self_contained: Carved, tmp_path: Path
) -> None:
    (tmp_path / "refuses").touch()
    replica = self_contained.serve(FAULTY, str(tmp_path), **PRODUCTION)
    with pytest.raises(AssertionError, match="never said 'serving'"):
        replica.__enter__()
    assert replica.process.wait() not in (0, 78)
    assert replica.lines
    assert not replica.broken
    written = b"".join(replica.output)
    assert b"does not open it" in written
    assert KNOWN.encode() not in written
    assert b"hunter2" not in written
