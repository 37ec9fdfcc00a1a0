"""Finds the release for a command, or raises the reason why there is none."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from chassis.rollout.errors import TOOL, RefusedError, StepError

if TYPE_CHECKING:
    from chassis.rollout.fleet import Fleet, Release
    from chassis.rollout.host import Host
    from chassis.rollout.rollout import Rollout


def pull(host: Host, image: str) -> Release:
    """Pull an image before anything changes. Raises RefusedError if there is no such image."""
    host.progress.log(f"pulling {image}")
    try:
        return host.images.pull(image)
    except StepError as error:
        raise RefusedError(f"Nothing was changed: {error}") from error


def live_release(fleet: Fleet) -> Release:
    """Return the release that serves. Raises RefusedError if there is none."""
    if not fleet.instances:
        raise RefusedError(
            "No release is live, so an image is required.\nRun: make deploy IMAGE=name:tag"
        )
    return fleet.instances[-1].release


def explain_rolled_back(host: Host, latest: Rollout) -> str:
    """Explain that nothing is left to roll back, what serves, and how to go further back."""
    live = host.history.expected_fleet().instances
    serving = f"{live[-1].release} serves" if live else "nothing serves"
    text = f"Rollout {latest.begun.number} was rolled back already: {serving}."
    with suppress(RefusedError):
        number, release = host.history.rollback_target(None)
        text += f"\nTo return to {release} instead: {TOOL} rollback {number}"
    return text
