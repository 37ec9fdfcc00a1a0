"""Queries the Docker engine about containers and images."""

from __future__ import annotations

import json
from typing import Any, Literal

from chassis.rollout.errors import StepError
from chassis.rollout.http_client import Address
from chassis.rollout.subprocesses import run


def inspect(kind: Literal["container", "image"], name: str) -> dict[str, Any] | None:
    """Inspect a container or an image; None if there is none of that name on this host."""
    try:
        found = json.loads(run("docker", kind, "inspect", name, seconds=30))
    except StepError as error:
        if "No such" in str(error):
            return None
        raise
    return dict(found[0])


def find_address(container: dict[str, Any] | None, port: int) -> Address:
    """Return the address at which this host reaches a port of an inspected container.

    A container that `make up` started publishes no port: it is reached at its own address, which
    works on Linux. Raises ConnectionRefusedError if it does not run.
    """
    if container and container["State"]["Running"]:
        network = container["NetworkSettings"]
        if bindings := network["Ports"].get(f"{port}/tcp"):
            return Address(bindings[0]["HostIp"], int(bindings[0]["HostPort"]))
        for joined in network["Networks"].values():
            if address := joined["IPAddress"] or joined["GlobalIPv6Address"]:
                return Address(address, port)
    name = container["Name"][1:] if container else "the container"
    raise ConnectionRefusedError(f"{name} is not running")
