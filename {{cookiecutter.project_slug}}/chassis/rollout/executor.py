"""Executes a rollout step by step; each step is recorded on disk before it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chassis.rollout import gates
from chassis.rollout.errors import TOOL, StepError, UnfinishedError
from chassis.rollout.events import Done, Ended, Intended, Planned
from chassis.rollout.failure_log import keep_log
from chassis.rollout.readiness import wait_until_ready
from chassis.rollout.steps import (
    Migrate,
    Observe,
    Pull,
    Retire,
    Shift,
    Start,
    Step,
    Verify,
    WaitUntilReady,
    describe,
    expect_done,
)
from chassis.rollout.strategies import plan_forward, plan_rollback
from chassis.rollout.workers import ReplaceWorkers, replace_workers  # if jobs

if TYPE_CHECKING:
    from chassis.rollout.fleet import Fleet, Release
    from chassis.rollout.host import Host
    from chassis.rollout.rollout import Rollout


UNJUDGED = "no request was judged, as the new release had none while it was observed"


def run(host: Host, rollout: Rollout) -> Ended:
    """Run a rollout until it has ended, with the new release or rolled back.

    Raises UnfinishedError if it can do neither; the next call continues from there.
    """
    host.progress.is_rolling_back = rollout.plan.back
    while not rollout.ended:
        try:
            _run_plan(host, rollout)
        except (StepError, OSError) as error:
            if rollout.plan.back:
                raise UnfinishedError(
                    f"The rollback failed: {error}\nFix that, then run: {TOOL} resume"
                ) from error
            handle_failure(host, rollout, str(error))
    return rollout.ended


def begin_rollback(host: Host, rollout: Rollout, reason: str) -> None:
    """Plan the rollback, unless the rollout is being rolled back already."""
    host.progress.is_rolling_back = True
    if not rollout.plan.back:
        reason += keep_log(rollout, host.containers)
        steps, readings = tuple(plan_rollback(rollout)), host.progress.readings
        rollout.record(Planned(steps, back=True, reason=reason, gates=readings))


def handle_failure(host: Host, rollout: Rollout, reason: str) -> None:
    """Roll back, or leave that to the operator, as configured."""
    host.progress.log(f"failed: {reason}")
    if not host.configuration.rollback_on_failure:
        raise UnfinishedError(
            f"{reason}\nNothing was rolled back, because rollback_on_failure is false.\n"
            f"Retry: {TOOL} resume\nRoll back: {TOOL} rollback"
        )
    begin_rollback(host, rollout, reason)


def _run_plan(host: Host, rollout: Rollout) -> None:
    """Run the remaining steps; then plan the next ones, or end the rollout."""
    if not rollout.plan.steps and not rollout.plan.back:
        rollout.record(Planned((Pull(rollout.begun.image),)))
    plan, progress = rollout.plan, host.progress
    for number, step in list(enumerate(plan.steps))[rollout.next :]:
        progress.raise_if_cancelled()
        progress.begin_step(number + 1, len(plan.steps), describe(step, rollout.fleet))
        rollout.record(Intended(number))
        release = _run_step(host, step, rollout.fleet)
        rollout.record(Done(number, release, progress.readings))
    if plan.back:
        rollout.record(Ended("rolled back", plan.reason))
    elif isinstance(plan.steps[-1], Pull) and rollout.release:
        steps = plan_forward(rollout.begun, rollout.release, host.configuration)
        rollout.record(Planned(tuple(steps)))
    else:
        counted = [it.value for it in rollout.readings if it.gate == "requests"]
        is_unjudged = host.configuration.gates.counts and counted and not any(counted)
        rollout.record(Ended("done", UNJUDGED if is_unjudged else ""))


def _run_step(host: Host, step: Step, fleet: Fleet) -> Release | None:
    match step:
        case Pull():
            return host.containers.images.pull(step.image)
        case Verify():
            host.containers.images.verify(step.release)
        case Migrate():
            host.containers.migrate(step.release)
        case Start():
            host.containers.start(step.instance)
        case WaitUntilReady():
            wait_until_ready(host, step.instance, smoke=step.smoke)
        case Shift():
            host.proxy.shift(expect_done(fleet, step))
        case Observe():
            gates.observe(step, host.containers, host.configuration, host.progress)
        case Retire():
            host.containers.stop(step.instance)
        case ReplaceWorkers():  # if jobs
            replace_workers(host.containers, step.release)  # if jobs
    return None
