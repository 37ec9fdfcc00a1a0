"""What an operator can ask for: roll out, go back, go on, end. Each returns the exit code."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from time import sleep
from typing import TYPE_CHECKING

from chassis.rollout.adoption import adopt, adoptable, pinned
from chassis.rollout.errors import Interrupted, Refused, StepFailed
from chassis.rollout.fleet import Release
from chassis.rollout.lock import holder
from chassis.rollout.steps import words

if TYPE_CHECKING:
    from chassis.rollout.configuration import Strategy
    from chassis.rollout.fleet import Fleet
    from chassis.rollout.host import Host
    from chassis.rollout.rollout import Rollout

TICK = 0.1


def roll_out(host: Host, strategy: Strategy, image: str, command: str) -> int:
    """Bring a release; without an image, the one that is there, started anew."""
    with host.locked(command):
        _refuse_unfinished(host)
        _refuse_blind_canary(host, strategy)
        host.nginx.check()
        if not adopt(host, command):
            return 1
        rollout = host.begin(strategy, image or pinned(live(host)), command, migrates=True)
        return _end(host, rollout, "done")


def plan(host: Host, strategy: Strategy, image: str) -> list[str]:
    """Tell the steps that `roll_out` would take; nothing is fetched or changed."""
    _refuse_unfinished(host)
    _refuse_blind_canary(host, strategy)
    host.nginx.check()
    adopted = adoptable(host)
    fleet = adopted or host.history.fleet()
    release = Release(image, "its digest", "") if image else _newest(fleet)
    number, migrates = host.history.next_number(), host.driver.migrates()
    steps = host.machine.steps(strategy, fleet, number, release, migrates=migrates)
    first = [f"take over {', '.join(fleet.traffic.stable)}"] if adopted else []
    return [*first, f"pull {release.image}", *map(words, steps)]


def roll_back(host: Host, number: int | None, command: str) -> int:
    """Undo the rollout that stands halfway; if none does, bring back an earlier release."""
    with host.locked(command):
        latest = host.history.latest()
        host.nginx.check()
        if latest and not latest.ended:
            host.machine.turn_back(latest, f"undone by {command}")
            host.machine.restore(latest)
            return _end(host, latest, "rolled back")
        release = host.history.before(number).release
        if release is None:  # pragma: no cover - a rollout that ended well has pulled one
            raise Refused("the rollout to go back to has no release")
        rollout = host.begin("blue-green", pinned(release), command, migrates=False)
        return _end(host, rollout, "done")


def resume(host: Host, command: str, *, goes_on: bool = True) -> int:
    """Have everything run that should; then go on with the rollout that stands halfway, if any.

    Without `goes_on` that one stays where it is, for somebody to decide about.
    """
    with host.locked(command):
        latest = host.history.latest()
        if not latest:
            return 0
        host.nginx.check()
        host.machine.restore(latest)
        if latest.ended:
            host.progress.say("everything runs that should")
            return 0
        if not goes_on:
            host.progress.say(f"rollout {latest.begun.number} stands halfway")
            return Interrupted.code
        return _end(host, latest, "done")


def abort(host: Host, command: str) -> int:
    """Have the rollout that is under way undone, whether its tool still lives or not."""
    if running := holder(host.lock):
        host.progress.say(f"asking {running} to turn back")
        os.kill(running.pid, signal.SIGTERM)
        while holder(host.lock) == running:
            sleep(TICK)
    latest = host.history.latest()
    if latest and not latest.ended:
        return roll_back(host, None, command)
    if latest and running:
        return _end(host, latest, "rolled back")
    host.progress.say("no rollout is under way")
    return 0


def live(host: Host) -> Release:
    """Tell which release serves. Raises Refused if none does."""
    return _newest(host.history.fleet())


def _newest(fleet: Fleet) -> Release:
    if not fleet.instances:
        raise Refused("Nothing serves yet. Name an image: make deploy IMAGE=name:tag")
    return fleet.instances[-1].release


def _end(host: Host, rollout: Rollout, wanted: str) -> int:
    ended = host.machine.run(rollout)
    _tidy(host)
    host.progress.say(f"{ended.result}{ended.reason and ': '}{ended.reason}")
    return int(ended.result != wanted)


def _tidy(host: Host) -> None:
    """Let go of releases that the history has forgotten; failing that, nothing is lost but room."""
    if not host.history.fleet().instances:
        host.nginx.clear()
    digests = host.history.digests()
    if digests is not None:
        with suppress(StepFailed):
            host.driver.forget(digests)


def _refuse_unfinished(host: Host) -> None:
    latest = host.history.latest()
    if latest and not latest.ended:
        begun = latest.begun
        raise Interrupted(
            f"Rollout {begun.number}, begun at {begun.at} by {begun.operator}, stands halfway. "
            "Run: python3 -m chassis.rollout resume (to go on) or rollback (to undo it)"
        )


def _refuse_blind_canary(host: Host, strategy: Strategy) -> None:
    if strategy == "canary" and not host.configuration.gates.counts:
        raise Refused(
            "A canary is judged by the requests that instances count, and gates.counts is not set. "
            "Set it to the path where they tell, or choose rolling or blue-green."
        )
