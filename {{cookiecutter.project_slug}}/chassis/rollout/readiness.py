"""Waits until an instance is ready, and tries it out before any user does."""

from __future__ import annotations

import json
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING

from chassis.rollout.errors import StepFailed

if TYPE_CHECKING:
    from chassis.rollout.configuration import Readiness
    from chassis.rollout.drivers import Driver
    from chassis.rollout.fleet import Instance
    from chassis.rollout.progress import Progress

OK = 200
BAD = 400
TRIES = 3


def wait(instance: Instance, driver: Driver, ready: Readiness, progress: Progress) -> None:
    """Return when it has said so several times in a row. Raises StepFailed if dead or late."""
    end = monotonic() + ready.timeout_seconds
    restarts = driver.vitals(instance).restarts
    row = 0
    said = "nothing"
    while row < ready.times:
        vitals = driver.vitals(instance)
        if not vitals.alive or vitals.restarts > restarts:
            words = driver.last_words(instance)
            raise StepFailed(f"{instance.name} died while it started. It said: {words}")
        try:
            answer = driver.ask(instance, ready.path)
            row = row + 1 if answer.status == OK else 0
            said = f"{answer.status} {answer.body[:200]}"
        except OSError as error:
            row, said = 0, str(error)
        if not row and monotonic() > end:
            raise StepFailed(
                f"{instance.name} was not ready ({ready.path}) within {ready.timeout_seconds:g} "
                f"seconds. It answered last: {said}"
            )
        if row < ready.times:
            progress.pause(ready.interval_seconds)


def smoke(instance: Instance, driver: Driver, ready: Readiness) -> None:
    """Ask what users will ask. Raises StepFailed for a bad or late answer, or another revision."""
    revision = told(driver, instance, ready)
    if revision not in {None, instance.release.revision}:
        raise StepFailed(
            f"{instance.name} says that it is revision {revision!r}, not "
            f"{instance.release.revision!r}: the image holds something else."
        )
    for path in ready.smoke:
        answers = []
        for _ in range(TRIES):
            try:
                answers.append(driver.ask(instance, path, ready.smoke_seconds))
            except OSError as error:
                failed = f"{error}"
        if not answers:
            raise StepFailed(f"{instance.name}: {path} has no answer: {failed}")
        best = min(answers, key=lambda answer: answer.seconds)
        worst = max(answers, key=lambda answer: answer.status)
        if worst.status >= BAD or best.seconds > ready.smoke_seconds:
            raise StepFailed(
                f"{instance.name}: {path} answered {worst.status} after {best.seconds:.3f} seconds."
            )


def told(driver: Driver, instance: Instance, ready: Readiness) -> str | None:
    """Tell which revision an instance says it is; None if it does not say."""
    with suppress(OSError, ValueError, AttributeError):
        answer = driver.ask(instance, ready.version)
        revision = json.loads(answer.body).get("revision")
        return None if revision in {None, "unknown"} else str(revision)
    return None
