"""Asks the Docker engine what it knows of a container or an image."""

from __future__ import annotations

import json
from typing import Any

from chassis.rollout.commands import run
from chassis.rollout.errors import StepFailed
from chassis.rollout.probe import Address


def container(name: str) -> dict[str, Any] | None:
    """Inspect a container; None if there is none of that name."""
    return _first("docker", "container", "inspect", name)


def image(name: str) -> dict[str, Any] | None:
    """Inspect an image; None if it is not here."""
    return _first("docker", "image", "inspect", name)


def address(found: dict[str, Any] | None, port: int) -> Address:
    """Tell where this host reaches a port of a container that was inspected.

    A container that `make up` started publishes none: it is reached at its own address, which hosts
    of Linux can. Raises ConnectionRefusedError if it does not run.
    """
    if found and found["State"]["Running"]:
        known = found["NetworkSettings"]
        if bindings := known["Ports"].get(f"{port}/tcp"):
            return Address(bindings[0]["HostIp"], int(bindings[0]["HostPort"]))
        for network in known["Networks"].values():
            if network["IPAddress"]:
                return Address(network["IPAddress"], port)
    raise ConnectionRefusedError(f"{found['Name'][1:] if found else 'it'} is not running")


def _first(*command: str) -> dict[str, Any] | None:
    try:
        found = json.loads(run(*command, seconds=30))
    except StepFailed as error:
        if "No such" in str(error):
            return None
        raise
    return dict(found[0])
