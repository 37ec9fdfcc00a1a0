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
        return host.containers.images.pull(image)
    except StepError as error:
        raise RefusedError(f"Nothing was changed: {error}") from error


def live_release(fleet: Fleet) -> Release:
    """Return the release that serves. Raises RefusedError if there is none."""
    if not fleet.instances:
        raise RefusedError(
            "No release is live, so an image is required.\nRun: make deploy IMAGE=name:tag"
        )
    return fleet.instances[-1].release


def find_target(host: Host, latest: Rollout | None, number: int | None) -> Release:
    """Find the release to return to: of that rollout, or the one before.

    Raises RefusedError if there is none, and after a rollback: to go further back takes a number.
    """
    is_back = latest and (not latest.succeeded or latest.begun.strategy == "rollback")
    if number is not None or not latest or not is_back:
        return host.history.rollback_target(number)[1]
    live = host.history.expected_fleet().instances
    serving = f"{live[-1].release} serves" if live else "nothing serves"
    was = "was a rollback" if latest.succeeded else "was rolled back already"
    text = f"Rollout {latest.begun.number} {was}: {serving}."
    with suppress(RefusedError):
        number, release = host.history.rollback_target(None)
        text += f"\nTo return to {release} instead: {TOOL} rollback {number}"
    raise RefusedError(text)
