"""A release that was rolled back leaves what its gates measured, and what it logged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from chassis.rollout.listing import list_rollouts

if TYPE_CHECKING:
    from chassis.rollout.tests.world import World


def line(level: str, message: str, request: str = "", **fields: object) -> str:
    return json.dumps({"level": level, "message": message, "request_id": request, **fields})


def exception(request: str, text: str) -> tuple[str, str]:
    error = {"exception.type": "ValueError", "exception.message": text}
    ended = {"http.response.status_code": 500}
    return (
        line("error", "unhandled exception", request, **error),
        line("error", "GET /greetings/{name} 500", request, **ended),
    )


LINES = (
    line("info", "GET /version 200"),
    *exception("1", "rare"),
    *exception("2", "no such greeting"),
    line("warning", "slow"),
    *exception("3", "no such greeting"),
    "Traceback: no JSON",
)


def test_the_readings_of_the_gate_that_failed_are_in_the_history(world: World) -> None:
    assert world.roll_out("canary", "raises").result == "rolled back"
    entries, _ = list_rollouts(world.host())
    readings = {it["gate"]: it["value"] for it in entries[-1]["gates"]}
    assert readings["error ratio"] == 1
    assert readings["requests"] > 0


def test_warnings_and_errors_of_a_failed_release_outlive_its_instances(world: World) -> None:
    world.logs["raises"] = "\n".join(LINES)
    reason = world.roll_out("canary", "raises").reason
    path = world.folder / "rollouts" / "2.log"
    assert reason.splitlines()[1:] == [
        "Most frequent error (2 times): ValueError: no such greeting, GET /greetings/{name} 500",
        f"Its warnings and errors: {path}",
    ]
    assert path.read_text().splitlines() == list(LINES[1:])
    assert path.stat().st_mode & 0o777 == 0o600


def test_nothing_in_a_line_stops_the_rollback_or_reaches_the_terminal_unseen(world: World) -> None:
    odd: dict[str, Any] = {"exception.type": ["a"], "exception.message": "\x1b[2J\ud800\n"}
    world.logs["unready"] = f'{line("error", "m", **odd)}\n{"[" * 9_999}\n[1]\n{{"level": {{}}}}'
    reason = world.roll_out("rolling", "unready").reason
    assert reason.splitlines()[1].isprintable()
    assert world.settled() == ["old"]


def test_what_is_kept_of_a_log_is_bounded_and_ends_with_the_journal(world: World) -> None:
    world.logs["unready"] = "\n".join(line("error", f"{n} {'x' * 9_000}") for n in range(300))
    world.roll_out("rolling", "unready")
    path = world.folder / "rollouts" / "2.log"
    assert len(path.read_text()) <= 1_000_001
    assert path.read_text().count("299 x") == 1
    for number in range(20):
        world.roll_out("blue-green", f"release-{number}")
    assert not path.exists()


def test_a_log_that_cannot_be_kept_stops_no_rollback(world: World) -> None:
    world.logs["unready"] = line("error", "GET /a 503")
    (world.folder / "rollouts" / "2.log").mkdir()
    ended = world.roll_out("rolling", "unready")
    assert "\nIts log cannot be kept: " in ended.reason
    assert world.settled() == ["old"]
