"""Restarts instances and nginx after a reboot or a crash, before a rollout goes on or back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chassis.rollout.errors import TOOL, StepError, UnfinishedError
from chassis.rollout.executor import handle_failure
from chassis.rollout.readiness import wait_until_ready
from chassis.rollout.workers import restore_workers  # if jobs

if TYPE_CHECKING:
    from chassis.rollout.host import Host
    from chassis.rollout.rollout import Rollout

RETRY = f"\nFix that, then run: {TOOL} resume"


def restore(host: Host, rollout: Rollout) -> None:
    """Restart instances and nginx that a reboot or a crash has ended.

    Raises UnfinishedError if an old instance does not become ready; if a new one does not, the
    rollout is rolled back.
    """
    fleet, before = rollout.fleet, rollout.begun.fleet.instances
    wanted = [
        instance
        for instance in fleet.instances
        if instance.name not in rollout.stopping and (instance in before or not rollout.plan.back)
    ]
    missing = [it for it in wanted if not host.containers.inspect(it).alive]
    for instance in missing:
        host.progress.log(f"{instance.name} is not running: starting it")
        host.containers.start(instance)
    for instance in wanted:
        host.containers.start(instance)  # a running one may be only partially started
    try:
        for instance in (it for it in missing if it in before):
            wait_until_ready(host, instance)
    except (StepError, OSError) as error:
        raise UnfinishedError(f"The old release does not become ready: {error}{RETRY}") from error
    try:
        is_expected = not rollout.plan.back or fleet.traffic == rollout.begun.fleet.traffic
        if is_expected and fleet.instances and not host.proxy.has_applied(fleet):
            host.proxy.shift(fleet)
        for instance in (it for it in missing if it not in before):
            wait_until_ready(host, instance)
        restore_workers(host.containers, rollout, fleet)  # if jobs
    except (StepError, OSError) as error:
        if rollout.ended or rollout.plan.back:
            raise UnfinishedError(f"The release cannot be started: {error}{RETRY}") from error
        handle_failure(host, rollout, str(error))
