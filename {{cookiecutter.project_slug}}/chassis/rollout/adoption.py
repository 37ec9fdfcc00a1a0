"""Takes over what `make up` started: it becomes the live release, as if rolled out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chassis.rollout import executor
from chassis.rollout.errors import TOOL, RefusedError
from chassis.rollout.fleet import Fleet, Traffic

if TYPE_CHECKING:
    from chassis.rollout.host import Host


def find_adoptable(host: Host) -> Fleet | None:
    """Find instances that compose has started, no rollout; None if a rolled-out release serves.

    Raises RefusedError if they run in place of a release that was rolled out.
    """
    before = host.history.expected_fleet().instances
    found = host.containers.find_compose_instances()
    names = tuple(it.name for it in found)
    if not found or any(it.name in names for it in before):
        return None
    if before:
        if any(host.containers.inspect(it).alive for it in before):
            return None
        raise RefusedError(
            f"{before[-1].name} was rolled out and is not running; compose runs {', '.join(names)} "
            f"instead.\nStart what was rolled out: {TOOL} resume"
        )
    if len({it.release.digest for it in found}) > 1:
        raise RefusedError(
            f"Compose runs {', '.join(names)} from different images.\nStart them from one: make up"
        )
    return Fleet(found, Traffic(names))


def adopt(host: Host, fleet: Fleet, command: str) -> bool:
    """Have nginx send requests to each instance by its name; return whether that succeeded.

    From then on an instance that starts beside them gets no traffic before it is ready.
    """
    names = ", ".join(fleet.traffic.stable)
    host.progress.log(f"taking over what compose runs: {names}")
    image = fleet.instances[-1].release.pinned_image
    rollout = host.history.begin(host.describe_rollout("adopt", image, command, fleet=fleet))
    return executor.run(host, rollout).result == "done"
