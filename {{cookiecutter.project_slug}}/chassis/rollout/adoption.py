"""Takes over what `make up` started: it becomes the release that is live, as if rolled out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chassis.rollout.errors import Refused
from chassis.rollout.fleet import Fleet, Traffic

if TYPE_CHECKING:
    from chassis.rollout.fleet import Release
    from chassis.rollout.host import Host


def adoptable(host: Host) -> Fleet | None:
    """Find what runs and was not rolled out; None if nothing does, or rollouts serve already.

    Raises Refused where it runs in the place of what was rolled out.
    """
    before, found = host.history.fleet().instances, host.driver.adoptable()
    names = tuple(it.name for it in found)
    if not found or any(it.name in names for it in before):
        return None
    if before:
        if any(host.driver.vitals(it).alive for it in before):
            return None
        raise Refused(
            f"{before[-1].name} was rolled out and does not run; {', '.join(names)}, which compose "
            "has started, does. Run: python3 -m chassis.rollout resume"
        )
    if len({it.release.digest for it in found}) > 1:
        raise Refused(
            f"{', '.join(names)} were started by compose from different images. Run: make up"
        )
    return Fleet(found, Traffic(names))


def adopt(host: Host, command: str) -> bool:
    """Have the proxy send everybody to them by name; tell whether that went well.

    From then on an instance that starts beside them gets no traffic before it should.
    """
    fleet = adoptable(host)
    if not fleet:
        return True
    names = ", ".join(fleet.traffic.stable)
    host.progress.say(f"taking over what compose runs: {names}")
    image = pinned(fleet.instances[-1].release)
    rollout = host.begin("adopt", image, command, migrates=False, fleet=fleet)
    return host.machine.run(rollout).result == "done"


def pinned(release: Release) -> str:
    """Name a release so that nothing else can be meant."""
    return f"{release.image.partition('@')[0]}@{release.digest}"
