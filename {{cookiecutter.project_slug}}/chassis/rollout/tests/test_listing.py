"""`status`, `history` and `doctor` tell an operator in another shell what is going on."""

from __future__ import annotations

import io
import os
import signal
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from chassis.rollout import __main__ as tool
from chassis.rollout import operations
from chassis.rollout.doctor import run_checks
from chassis.rollout.listing import list_rollouts
from chassis.rollout.lock import Holder, hold_lock
from chassis.rollout.progress import Progress
from chassis.rollout.status import collect_status, format_status
from chassis.rollout.tests import world as world_module
from chassis.rollout.tests.world import World

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def stopped(world: World) -> World:
    """A host on which a rolling release has ended midway."""
    shift, world.shift = world.shift, None  # type: ignore[assignment,method-assign]
    with suppress(TypeError):
        world.roll_out("rolling", "new")
    world.shift = shift  # type: ignore[method-assign]
    return world


def run_tool(world: World, *words: str) -> str:
    host = world.host()
    (world.folder / "rollout.toml").touch()
    tool.main([*words, "--config", str(world.folder / "rollout.toml")], lambda *_: host)
    out: Any = host.progress.out
    return str(out.getvalue())


def test_a_rollout_whose_process_lives_is_in_progress_and_not_abandoned(
    stopped: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.rollout.status.SECONDS", 0)
    host = stopped.host()
    assert list_rollouts(host)[0][-1]["result"] == "unfinished"
    assert "rollout 2 is unfinished: run resume or rollback" in run_tool(stopped, "status")
    with hold_lock(host.lock, Holder.current_process("rollout new")):
        entry = list_rollouts(host)[0][-1]
        checks = {it.check: it for it in run_checks(host)}
        shown = run_tool(stopped, "status")
    outcome = f"{entry['result']}: {entry['reason']}"
    assert outcome.startswith("in progress: step 5/14, shift traffic to green-2-1")
    assert f"process {os.getpid()} on " in outcome
    assert f"rollout 2 is {outcome}" in shown
    assert str(checks["journal"]) == f"ok   journal: rollout 2 is {outcome}"
    assert str(checks["lock"]).endswith("Wait, or: python3 -m chassis.rollout abort")


def test_the_history_names_images_and_manual_rollbacks(world: World) -> None:
    world.roll_out("rolling", "new")
    operations.roll_back(world.host(), None, "rollback")
    entries, table = list_rollouts(world.host())
    assert [it["strategy"] for it in entries] == ["rolling", "rolling", "rollback"]
    heads, _, second, third = (line.split() for line in table.splitlines())
    assert heads[3] == "image"
    assert (second[3], third[3]) == ("new", "old")


def test_the_status_names_containers_and_labels_errors_as_percent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.rollout.status.SECONDS", 0)
    world.roll_out("rolling", "new")
    text = format_status(collect_status(world.host()))
    heads, first, _ = text.splitlines()
    assert "errors %" in heads
    assert first.endswith("shop-green-2-1")
    assert "  100  " not in text
    failed = world_module.COUNTS.replace('"200"', '"500"')
    monkeypatch.setattr(world_module, "COUNTS", failed)
    assert "  100  " in format_status(collect_status(world.host()))


def test_abort_says_in_the_history_who_aborted(world: World, monkeypatch: Any) -> None:
    host = world.host()
    monkeypatch.setattr(os, "kill", lambda *_: None)
    taken = threading.Event()

    def roll_out() -> None:
        with hold_lock(host.lock, Holder.current_process("rollout new")):
            taken.set()
            end = time.monotonic() + 10
            while not (world.folder / "abort").exists() and time.monotonic() < end:
                time.sleep(0.01)
            progress = Progress(io.StringIO())
            monkeypatch.setattr(signal, "signal", lambda _, handler: handlers.append(handler))
            progress.handle_signals(world.folder)
            handlers[0](signal.SIGTERM, None)
            reasons.append(progress.cancel_reason)

    handlers: list[Any] = []
    reasons: list[str] = []
    thread = threading.Thread(target=roll_out)
    thread.start()
    taken.wait(10)
    operations.abort(world.host(), "python3 -m chassis.rollout abort")
    thread.join()
    assert reasons[0].startswith("cancelled by ")
    assert reasons[0].endswith(": python3 -m chassis.rollout abort")
    assert not (world.folder / "abort").exists()


def test_a_release_without_a_request_to_judge_says_so(world: World) -> None:
    assert world.roll_out("blue-green", "new").reason == ""
    world.rate = 0
    ended = world.roll_out("blue-green", "newer")
    assert ended.result == "done"
    assert ended.reason.startswith("no request was judged")


def test_a_dry_run_of_rollback_names_the_release_and_changes_nothing(world: World) -> None:
    world.roll_out("rolling", "new")
    world.done.clear()
    steps = run_tool(world, "rollback", "--dry-run")
    assert "return to old (revision old)" in steps
    assert "shift traffic to blue-3-1, blue-3-2, take it from green-2-1" in steps
    assert not world.done
    assert world.settled() == ["new"]


def test_a_dry_run_of_rollback_shows_how_an_unfinished_rollout_is_rolled_back(
    stopped: World,
) -> None:
    steps = run_tool(stopped, "rollback", "--dry-run")
    assert "roll back rollout 2" in steps
    assert "stop and remove green-2-1" in steps
    assert set(stopped.running) == {"blue-1-1", "blue-1-2", "green-2-1"}


def test_the_doctor_sees_that_instances_are_dead_or_unready(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.roll_out("rolling", "one")

    def check() -> str:
        return next(str(it) for it in run_checks(world.host()) if it.check == "instances")

    assert check() == "ok   instances: 2 receive requests, all ready"
    world.stopping.add("blue-1-1")
    assert check() == (
        "FAIL instances: blue-1-1 is not ready. Run: docker logs --tail 20 shop-blue-1-1"
    )
    world.running.pop("blue-1-2")
    assert check() == (
        "FAIL instances: blue-1-1 is not ready, blue-1-2 is dead. "
        "Run: python3 -m chassis.rollout resume"
    )
