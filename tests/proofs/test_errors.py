"""Errors of a carved service reach a collector of Sentry's protocol, redacted and once."""

from __future__ import annotations

import json
import re
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.proofs.carved import FAULTY, TEMPLATE
from tests.proofs.received import Receiver

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.proofs.carved import Carved

FLUSH = 1.0
"""Seconds that errors get at the end: the service's default."""
BUSY = 3.0
"""Seconds that a stop takes without them, on a machine that others use."""
REQUESTS = 200
TIMEOUT = 30
"""Seconds that the collector gets: whoever waited for it would take them all."""
DECISION = TEMPLATE / "docs" / "decisions" / "0027-errors.md"
KNOWN = "the-value-of-a-secret-setting-hunter2"
PASSWORD = "pl4nted-Pa55word"  # noqa: S105 - planted, to be looked for


def form(it: object) -> object:
    """Return the names in an event; of a list the last part counts."""
    if isinstance(it, dict):
        return {name: form(inner) for name, inner in it.items()}
    return [form(it[-1])] if isinstance(it, list) and it else None


@pytest.fixture
def receiver(everything: Carved) -> Iterator[Receiver]:
    with Receiver(everything) as started:
        yield started


def test_an_unhandled_error_is_one_event_and_no_secret_is_in_any(
    everything: Carved, receiver: Receiver, tmp_path: Path
) -> None:
    reported = {"SENTRY_DSN": f"http://public@{receiver.address}/1", "SERVICE_VERSION": "7"}
    asked = f"known={KNOWN}&password={PASSWORD}"
    with everything.serve(FAULTY, str(tmp_path), **reported, HEALTH_TOKEN=KNOWN) as replica:
        headers = {"authorization": f"Bearer {PASSWORD}", "x_request_id": "r-1"}
        assert replica.ask(f"/failing?{asked}", **headers).status == 500
        assert replica.ask(f"/secrets?{asked}", **headers).status == 200
        assert replica.stop() == 0
    events = [item["content"] for item in receiver.items]
    (event,) = (it for it in events if it.get("transaction") == "GET /failing")
    assert event["release"].endswith("@7")
    assert event["tags"]["request_id"] == "r-1"
    assert [it["type"] for it in event["exception"]["values"]] == [
        "ConnectionError",
        "RuntimeError",
    ]
    assert len(events) > 2  # from threads as well
    sent = json.dumps(events)
    assert KNOWN not in sent
    assert PASSWORD not in sent
    del event["exception"]["values"][-1]["stacktrace"]["frames"][:-1]
    (shown,) = re.findall(r"```json\n(.*?)```", DECISION.read_text("utf-8"), re.DOTALL)
    assert form(json.loads(shown)) == form(event), f"{DECISION}: its event has another form"
    print(f"E1 {len(events)} events without a secret, one of them: {json.dumps(event)}")  # noqa: T201 - the figure


@pytest.mark.parametrize("fault", ["stopped", "hung"])
def test_a_collector_that_is_away_delays_neither_answers_nor_the_end(
    everything: Carved, receiver: Receiver, tmp_path: Path, fault: str
) -> None:
    if fault == "stopped":
        receiver.process.kill()
        receiver.process.wait()
    else:
        receiver.process.send_signal(signal.SIGSTOP)
    dsn = f"http://public@{receiver.address}/1"
    reported = {
        "ERRORS_DSN": dsn,
        "ERRORS_MAX_PER_MINUTE": "1000",
        "ERRORS_TIMEOUT_SECONDS": str(TIMEOUT),
    }
    with everything.serve(FAULTY, str(tmp_path), **reported) as replica:
        answers = [replica.ask("/failing?known=no-secret&password=none") for _ in range(REQUESTS)]
        assert {answer.status for answer in answers} == {500}
        slowest = max(answer.seconds for answer in answers)
        assert slowest < TIMEOUT / 3
        began = time.monotonic()
        assert replica.stop() == 0
        seconds = time.monotonic() - began
        assert seconds < FLUSH + BUSY
        said = [line for line in replica.lines if line["logger"] == "chassis.errors"]
    assert [line["message"].partition(":")[0] for line in said] == ["error reports are dropped"]
    print(f"E2 collector {fault}: slowest answer {slowest:.2f} s, end {seconds:.1f} s")  # noqa: T201 - the figure
