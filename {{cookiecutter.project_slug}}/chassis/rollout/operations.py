"""The commands that change what runs: each function returns the exit code."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from time import sleep
from typing import TYPE_CHECKING

from chassis.rollout import executor
from chassis.rollout.adoption import adopt, find_adoptable
from chassis.rollout.demand import describe_demand
from chassis.rollout.errors import TOOL, RefusedError, StepError, UnfinishedError
from chassis.rollout.fleet import Fleet, Release
from chassis.rollout.lock import Holder, find_holder
from chassis.rollout.progress import ABORT_NOTE
from chassis.rollout.releases import find_target, live_release, pull
from chassis.rollout.restoration import restore
from chassis.rollout.steps import Step, describe, expect_begun, expect_done
from chassis.rollout.strategies import instance_names, plan_forward, plan_rollback

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chassis.rollout.configuration import Strategy
    from chassis.rollout.host import Host
    from chassis.rollout.rollout import Rollout

POLL_SECONDS = 0.1


def roll_out(host: Host, strategy: Strategy, image: str, command: str) -> int:
    """Roll a release out; without an image, restart the live one."""
    with host.locked(command):
        _check_before_rollout(host, strategy)
        image = image and pull(host, image).pinned_image
        adopted = find_adoptable(host)
        fleet = adopted or host.history.expected_fleet()
        if strategy == "canary" and fleet.instances:
            host.progress.log(describe_demand(host, fleet))
        if adopted and not adopt(host, adopted, command):
            return 1
        image = image or live_release(host.history.expected_fleet()).pinned_image
        rollout = host.history.begin(host.describe_rollout(strategy, image, command))
        return _run(host, rollout, "done")


def plan(host: Host, strategy: Strategy, image: str) -> list[str]:
    """Describe the steps of `roll_out`; nothing is pulled or changed."""
    _check_before_rollout(host, strategy)
    adopted = find_adoptable(host)
    begun = host.describe_rollout(strategy, image, "", fleet=adopted)
    fleet = begun.fleet
    release = Release(image, "the one pulled", "") if image else live_release(fleet)
    lines = [describe_demand(host, fleet)] if strategy == "canary" and fleet.instances else []
    lines += [f"take over {', '.join(instance_names(adopted.instances))}"] if adopted else []
    steps = plan_forward(begun, release, host.configuration)
    return [*lines, f"pull {release.image}", *_describe_steps(steps, fleet)]


def plan_back(host: Host, number: int | None) -> list[str]:
    """Describe the steps of `roll_back`; nothing is changed."""
    latest = host.history.latest()
    if latest and not latest.ended:
        lines = [f"roll back rollout {latest.begun.number}"]
        return [*lines, *_describe_steps(plan_rollback(latest), latest.fleet)]
    release = find_target(host, latest, number)
    begun = host.describe_rollout("rollback", release.pinned_image, "")
    steps = plan_forward(begun, release, host.configuration)
    return [f"return to {release}", *_describe_steps(steps, begun.fleet)]


def roll_back(host: Host, number: int | None, command: str) -> int:
    """Roll back the unfinished rollout; if there is none, return to an earlier release."""
    with host.locked(command):
        latest = host.history.latest()
        host.nginx.check()
        if latest and not latest.ended:
            executor.begin_rollback(host, latest, f"rolled back by {command}")
            restore(host, latest)
            return _run(host, latest, "rolled back")
        release = find_target(host, latest, number)
        host.progress.log(f"returning to {release}")
        begun = host.describe_rollout("rollback", release.pinned_image, command)
        return _run(host, host.history.begin(begun), "done")


def resume(host: Host, command: str, *, start_only: bool = False) -> int:
    """Start everything that should run; then continue the unfinished rollout, if there is one.

    With `start_only` that rollout stays unfinished, so that an operator can decide.
    """
    with host.locked(command):
        latest = host.history.latest()
        if not latest:
            return 0
        host.nginx.check()
        restore(host, latest)
        if latest.ended:
            host.progress.log("everything is running")
            return 0
        if start_only:
            host.progress.log(f"rollout {latest.begun.number} is unfinished")
            return UnfinishedError.code
        return _run(host, latest, "done")


def abort(host: Host, command: str) -> int:
    """Roll back the rollout in progress, whether its process is still alive or not."""
    if holder := find_holder(host.lock):
        host.progress.log(f"cancelling the rollout of {holder}")
        note = host.directory / ABORT_NOTE
        note.write_text(str(Holder.current_process(command)))
        try:
            os.kill(holder.pid, signal.SIGTERM)
            while find_holder(host.lock) == holder:
                sleep(POLL_SECONDS)
        finally:
            note.unlink()
    latest = host.history.latest()
    if latest and not latest.ended:
        return roll_back(host, None, command)
    if latest and holder:
        return _run(host, latest, "rolled back")
    host.progress.log("no rollout is in progress")
    return 0


def _describe_steps(steps: Iterable[Step], fleet: Fleet) -> Iterator[str]:
    for step in steps:
        yield describe(step, fleet)
        fleet = expect_done(expect_begun(fleet, step), step)


def _run(host: Host, rollout: Rollout, wanted: str) -> int:
    ended = executor.run(host, rollout)
    _clean_up(host)
    host.progress.log(f"{ended.result}{ended.reason and ': '}{ended.reason}")
    return int(ended.result != wanted)


def _clean_up(host: Host) -> None:
    """Remove images that no rollout references; a failure only costs disk space."""
    if not host.history.expected_fleet().instances:
        host.nginx.clear_traffic()
    digests = host.history.referenced_digests()
    if digests is not None:
        with suppress(StepError):
            host.containers.images.remove_unreferenced(digests)


def _check_before_rollout(host: Host, strategy: Strategy) -> None:
    latest = host.history.latest()
    if latest and not latest.ended:
        begun = latest.begun
        raise UnfinishedError(
            f"Rollout {begun.number}, begun at {begun.at} by {begun.operator}, is unfinished.\n"
            f"Continue it: {TOOL} resume\nRoll it back: {TOOL} rollback"
        )
    if strategy == "canary" and not host.configuration.gates.counts:
        raise RefusedError(
            "A canary is judged by the request counters of instances, and gates.counts in "
            "deploy/rollout.toml is not set. Set it to their path, or use rolling or blue-green."
        )
    host.nginx.check()
