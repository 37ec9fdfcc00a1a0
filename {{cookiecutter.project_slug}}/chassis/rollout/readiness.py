"""Waits until an instance is ready, and runs smoke tests before any user reaches it."""

from __future__ import annotations

import json
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING

from chassis.rollout.errors import StepError
from chassis.rollout.http_client import OK
from chassis.rollout.subprocesses import LINES, last_lines

if TYPE_CHECKING:
    from chassis.rollout.configuration import Readiness
    from chassis.rollout.docker.containers import Containers
    from chassis.rollout.fleet import Instance
    from chassis.rollout.host import Host

ERROR_STATUS = 400
ATTEMPTS = 3


def wait_until_ready(host: Host, instance: Instance, *, smoke: bool = False) -> None:
    """Return after enough consecutive 200s, and the smoke tests if asked for.

    Raises StepError if it exits or takes too long, or if a smoke test fails.
    """
    containers, ready = host.containers, host.configuration.ready
    end = monotonic() + ready.timeout_seconds
    restarts = containers.inspect(instance).restarts
    successes = 0
    last = "nothing"
    while successes < ready.times:
        state = containers.inspect(instance)
        if not state.alive or state.restarts > restarts:
            log = last_lines(containers.read_log(instance, LINES))
            raise StepError(f"{instance.name} exited during its start. Its log ends with: {log}")
        try:
            response = containers.get(instance, ready.path)
            successes = successes + 1 if response.status == OK else 0
            last = f"{response.status} {response.body[:200]}"
        except OSError as error:
            successes, last = 0, str(error)
        if not successes and monotonic() > end:
            raise StepError(
                f"{instance.name} was not ready ({ready.path}) within {ready.timeout_seconds:g} "
                f"seconds. Its last response: {last}"
            )
        if successes < ready.times:
            host.progress.sleep(ready.interval_seconds)
    if smoke:
        _run_smoke_tests(instance, containers, ready)


def _run_smoke_tests(instance: Instance, containers: Containers, ready: Readiness) -> None:
    """Request each smoke path. Raises StepError for an error, a timeout or another revision."""
    revision = read_revision(containers, instance, ready.version)
    if revision not in {None, instance.release.revision}:
        raise StepError(
            f"{instance.name} answers as revision {revision!r}, not "
            f"{instance.release.revision!r}: the image has other content."
        )
    for path in ready.smoke:
        responses = []
        for _ in range(ATTEMPTS):
            try:
                responses.append(containers.get(instance, path, ready.smoke_seconds))
            except OSError as error:
                failure = f"{error}"
        if not responses:
            raise StepError(f"{instance.name}: {path} did not answer: {failure}")
        fastest = min(response.seconds for response in responses)
        status = max(response.status for response in responses)
        if status >= ERROR_STATUS or fastest > ready.smoke_seconds:
            raise StepError(
                f"{instance.name}: {path} answered {status} after {fastest:.3f} seconds."
            )


def read_revision(containers: Containers, instance: Instance, path: str) -> str | None:
    """Read the revision of an instance; None if it does not report one."""
    with suppress(OSError, ValueError, AttributeError):
        response = containers.get(instance, path)
        revision = json.loads(response.body).get("revision")
        return None if revision in {None, "unknown"} else str(revision)
    return None
