"""Carries a rollout out, step by step; what it is about to do is on disk before it is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chassis.rollout import gates, readiness
from chassis.rollout.errors import Interrupted, StepFailed
from chassis.rollout.events import Done, Ended, Intended, Planned
from chassis.rollout.steps import (
    Migrate,
    Observe,
    Pull,
    Ready,
    Retire,
    Shift,
    Start,
    Verify,
    done,
    words,
)
from chassis.rollout.strategies import Order, back, forward

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chassis.rollout.configuration import Configuration
    from chassis.rollout.drivers import Driver
    from chassis.rollout.fleet import Fleet, Instance, Release
    from chassis.rollout.progress import Progress
    from chassis.rollout.proxy import Gateway
    from chassis.rollout.reading import Reading
    from chassis.rollout.rollout import Rollout
    from chassis.rollout.steps import Step
    from chassis.rollout.strategies import Way


@dataclass(frozen=True)
class Machine:
    """The host that a rollout changes, and how it should."""

    configuration: Configuration
    driver: Driver
    gateway: Gateway
    progress: Progress

    def run(self, rollout: Rollout) -> Ended:
        """Go on until the rollout has ended, well or back where it set out.

        Raises Interrupted when it can do neither; every call goes on from there.
        """
        self.progress.is_deaf = rollout.plan.back
        while not rollout.ended:
            try:
                self._advance(rollout)
            except (StepFailed, OSError) as error:
                if rollout.plan.back:
                    raise Interrupted(
                        f"It cannot be undone: {error} "
                        "Mend that, then run: python3 -m chassis.rollout resume"
                    ) from error
                self._decide(rollout, str(error))
        return rollout.ended

    def turn_back(self, rollout: Rollout, reason: str) -> None:
        """Plan the way back, unless it is being gone already."""
        self.progress.is_deaf = True
        if not rollout.plan.back:
            rollout.record(Planned(tuple(back(rollout)), back=True, reason=reason))

    def restore(self, rollout: Rollout) -> None:
        """Have those run that a reboot or a crash has ended, and the proxy.

        Raises Interrupted if an instance of before does not get ready; should one of the new
        release not, the rollout turns back.
        """
        fleet, before = rollout.fleet, rollout.begun.fleet.instances
        wanted = [
            instance
            for instance in fleet.instances
            if instance.name not in rollout.leaving
            and (instance in before or not rollout.plan.back)
        ]
        missing = [instance for instance in wanted if not self.driver.vitals(instance).alive]
        for instance in missing:
            self.progress.say(f"{instance.name} is not running: starting it")
            self.driver.start(instance)
        for instance in wanted:
            self.driver.start(instance)  # one that runs may have been started by half
        try:
            self._wait(it for it in missing if it in before)
        except (StepFailed, OSError) as error:
            raise Interrupted(f"What ran before does not get ready: {error}") from error
        try:
            is_valid = not rollout.plan.back or fleet.traffic == rollout.begun.fleet.traffic
            if is_valid and fleet.instances and not self.gateway.works_by(fleet):
                self.gateway.shift(fleet)
            self._wait(it for it in missing if it not in before)
        except (StepFailed, OSError) as error:
            if rollout.ended or rollout.plan.back:
                raise Interrupted(f"What should run does not: {error}") from error
            self._decide(rollout, str(error))

    def _wait(self, instances: Iterable[Instance]) -> None:
        for instance in instances:
            readiness.wait(instance, self.driver, self.configuration.ready, self.progress)

    def steps(
        self, way: Way, fleet: Fleet, number: int, release: Release, *, migrates: bool
    ) -> tuple[Step, ...]:
        """Plan what follows once the release is known."""
        new = fleet.recruits(release, number, self.configuration.replicas)
        order = Order(fleet.instances, new, self.configuration)
        return tuple(forward(way, release, order, migrates=migrates))

    def _advance(self, rollout: Rollout) -> None:
        """Carry out what is left of the plan; then plan anew, or end."""
        if not rollout.plan.steps and not rollout.plan.back:
            rollout.record(Planned((Pull(rollout.begun.image),)))
        plan = rollout.plan
        for number, step in rollout.rest():
            self.progress.heed()
            self.progress.step(number + 1, len(plan.steps), words(step), back=plan.back)
            rollout.record(Intended(number))
            release, readings = self._act(step, rollout.fleet)
            rollout.record(Done(number, release, readings))
        if plan.back:
            rollout.record(Ended("rolled back", plan.reason))
        elif isinstance(plan.steps[-1], Pull) and rollout.release:
            begun, release = rollout.begun, rollout.release
            migrates = begun.migrates and self.driver.migrates()
            steps = self.steps(
                begun.strategy, begun.fleet, begun.number, release, migrates=migrates
            )
            rollout.record(Planned(steps))
        else:
            rollout.record(Ended("done"))

    def _act(self, step: Step, fleet: Fleet) -> tuple[Release | None, tuple[Reading, ...]]:
        driver, configuration = self.driver, self.configuration
        match step:
            case Pull():
                return driver.pull(step.image), ()
            case Verify():
                driver.verify(step.release)
            case Migrate():
                driver.migrate(step.release)
            case Start():
                driver.start(step.instance)
            case Ready():
                readiness.wait(step.instance, driver, configuration.ready, self.progress)
                if step.smoke:
                    readiness.smoke(step.instance, driver, configuration.ready)
            case Shift():
                self.gateway.shift(done(fleet, step))
            case Observe():
                return None, gates.observe(step, driver, configuration, self.progress)
            case Retire():
                driver.stop(step.instance)
        return None, ()

    def _decide(self, rollout: Rollout, reason: str) -> None:
        """Turn back after a failure, if that is what was wished for."""
        self.progress.say(f"failed: {reason}")
        if not self.configuration.rollback_on_failure:
            raise Interrupted(
                f"{reason} Nothing is undone, for rollback_on_failure is false. Run: "
                "python3 -m chassis.rollout resume (to try again) or rollback"
            )
        self.turn_back(rollout, reason)
