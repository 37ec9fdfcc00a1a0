"""Calls `docker compose` with the project's files."""

from __future__ import annotations

import json
import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chassis.rollout.commands import run

if TYPE_CHECKING:
    from chassis.rollout.configuration import Configuration


class Compose:
    """The compose project; nothing is asked of it before it is needed."""

    def __init__(self, configuration: Configuration) -> None:
        self.settings = configuration.docker
        self.proxy = configuration.proxy
        self.files = tuple(Path(file) for file in self.settings.compose)

    def __call__(
        self,
        *arguments: str,
        image: str = "",
        seconds: float | None = 600,
    ) -> str:
        """Run a command. Raises StepFailed."""
        named = [word for file in self.files for word in ("--file", str(file))]
        environment = {**os.environ, "HTTP_PORT": str(self.proxy.port)}
        if image:
            environment["IMAGE"] = image
        folder = str(self.files[0].parent)
        return run(
            *("docker", "compose", "--progress", "quiet", "--project-directory", folder),
            *named,
            *arguments,
            env=environment,
            seconds=seconds,
        )

    @cached_property
    def configuration(self) -> dict[str, Any]:
        """What compose makes of its files."""
        return dict(json.loads(self("config", "--format", "json")))

    @property
    def project(self) -> str:
        """Name of the project, which begins every name."""
        return str(self.configuration["name"])

    @property
    def named(self) -> str:
        """Options of a command for people, to be run in the folder of the first file."""
        files = [str(os.path.relpath(it, self.files[0].parent)) for it in self.files]
        return "" if files == ["compose.yaml"] else " ".join(f"--file {it}" for it in files) + " "

    def running(self, service: str) -> list[str]:
        """Name the running containers of a service that compose keeps: none that it runs once."""
        labels = (f"project={self.project}", f"service={service}", "oneoff=False")
        filters = [word for it in labels for word in ("--filter", f"label=com.docker.compose.{it}")]
        return sorted(run("docker", "ps", "--format", "{{.Names}}", *filters, seconds=30).split())

    def up_dependencies(self) -> None:
        """Have everything run that the service needs, but what runs once and ends."""
        services = self.configuration["services"]
        needed = services[self.settings.service].get("depends_on") or {}
        lasting = [
            name
            for name, how in needed.items()
            if how["condition"] != "service_completed_successfully"
        ]
        ending = [name for name in needed if name not in lasting]
        for name in ending:
            lasting += services[name].get("depends_on") or {}
        if lasting:
            self("up", "--detach", "--wait", "--no-recreate", *sorted(set(lasting)))
