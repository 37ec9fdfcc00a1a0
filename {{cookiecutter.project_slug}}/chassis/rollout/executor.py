"""Executes a rollout step by step; each step is recorded on disk before it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chassis.rollout import gates, readiness
from chassis.rollout.errors import TOOL, StepError, UnfinishedError
from chassis.rollout.events import Done, Ended, Intended, Planned
from chassis.rollout.failure_log import keep_log
from chassis.rollout.steps import (
    Migrate,
    Observe,
    Pull,
    Retire,
    Shift,
    Start,
    Verify,
    WaitUntilReady,
    describe,
    expect_done,
)
from chassis.rollout.strategies import plan_forward, plan_rollback
from chassis.rollout.workers import ReplaceWorkers, replace_workers  # if jobs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chassis.rollout.configuration import Configuration
    from chassis.rollout.docker.containers import Containers
    from chassis.rollout.docker.images import Images
    from chassis.rollout.fleet import Fleet, Instance, Release
    from chassis.rollout.progress import Progress
    from chassis.rollout.proxy import Proxy
    from chassis.rollout.rollout import Rollout
    from chassis.rollout.steps import Step


UNJUDGED = "no request was judged, as the new release had none while it was observed"


@dataclass(frozen=True)
class Executor:
    """Runs the steps of a rollout on this host."""

    configuration: Configuration
    images: Images
    containers: Containers
    proxy: Proxy
    progress: Progress

    def run(self, rollout: Rollout) -> Ended:
        """Run until the rollout has ended, with the new release or rolled back.

        Raises UnfinishedError if it can do neither; the next call continues from there.
        """
        self.progress.is_rolling_back = rollout.plan.back
        while not rollout.ended:
            try:
                self._run_plan(rollout)
            except (StepError, OSError) as error:
                if rollout.plan.back:
                    raise UnfinishedError(
                        f"The rollback failed: {error}\nFix that, then run: {TOOL} resume"
                    ) from error
                self.handle_failure(rollout, str(error))
        return rollout.ended

    def begin_rollback(self, rollout: Rollout, reason: str) -> None:
        """Plan the rollback, unless the rollout is being rolled back already."""
        self.progress.is_rolling_back = True
        if not rollout.plan.back:
            reason += keep_log(rollout, self.containers)
            steps, readings = tuple(plan_rollback(rollout)), self.progress.readings
            rollout.record(Planned(steps, back=True, reason=reason, gates=readings))

    def wait_until_ready(self, instances: Iterable[Instance]) -> None:
        """Wait for each instance in turn. Raises StepError."""
        for instance in instances:
            readiness.wait_until_ready(
                instance, self.containers, self.configuration.ready, self.progress
            )

    def handle_failure(self, rollout: Rollout, reason: str) -> None:
        """Roll back, or leave that to the operator, as configured."""
        self.progress.log(f"failed: {reason}")
        if not self.configuration.rollback_on_failure:
            raise UnfinishedError(
                f"{reason}\nNothing was rolled back, because rollback_on_failure is false.\n"
                f"Retry: {TOOL} resume\nRoll back: {TOOL} rollback"
            )
        self.begin_rollback(rollout, reason)

    def _run_plan(self, rollout: Rollout) -> None:
        """Run the remaining steps; then plan the next ones, or end the rollout."""
        if not rollout.plan.steps and not rollout.plan.back:
            rollout.record(Planned((Pull(rollout.begun.image),)))
        plan = rollout.plan
        for number, step in rollout.remaining_steps():
            self.progress.raise_if_cancelled()
            action = describe(step, rollout.fleet)
            self.progress.begin_step(number + 1, len(plan.steps), action, rollback=plan.back)
            rollout.record(Intended(number))
            release = self._run_step(step, rollout.fleet)
            rollout.record(Done(number, release, self.progress.readings))
        if plan.back:
            rollout.record(Ended("rolled back", plan.reason))
        elif isinstance(plan.steps[-1], Pull) and rollout.release:
            steps = plan_forward(rollout.begun, rollout.release, self.configuration)
            rollout.record(Planned(tuple(steps)))
        else:
            counted = [it.value for it in rollout.readings if it.gate == "requests"]
            is_unjudged = self.configuration.gates.counts and counted and not any(counted)
            rollout.record(Ended("done", UNJUDGED if is_unjudged else ""))

    def _run_step(self, step: Step, fleet: Fleet) -> Release | None:
        containers, configuration = self.containers, self.configuration
        match step:
            case Pull():
                return self.images.pull(step.image)
            case Verify():
                self.images.verify(step.release)
            case Migrate():
                containers.migrate(step.release)
            case Start():
                containers.start(step.instance)
            case WaitUntilReady():
                self._check_readiness(step)
            case Shift():
                self.proxy.shift(expect_done(fleet, step))
            case Observe():
                gates.observe(step, containers, configuration, self.progress)
            case Retire():
                containers.stop(step.instance)
            case ReplaceWorkers():  # if jobs
                replace_workers(containers, step.release)  # if jobs
        return None

    def _check_readiness(self, step: WaitUntilReady) -> None:
        self.wait_until_ready([step.instance])
        if step.smoke:
            readiness.run_smoke_tests(step.instance, self.containers, self.configuration.ready)
