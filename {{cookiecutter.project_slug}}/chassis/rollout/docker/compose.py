"""Calls `docker compose` with the project's files."""

from __future__ import annotations

import json
import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chassis.rollout.subprocesses import run

if TYPE_CHECKING:
    from chassis.rollout.configuration import Configuration


class Compose:
    """The compose project; its files are read on first use."""

    def __init__(self, configuration: Configuration) -> None:
        self.settings = configuration.docker
        self.proxy = configuration.proxy
        self.files = tuple(Path(file) for file in self.settings.compose)

    def __call__(self, *arguments: str, image: str = "", seconds: float | None = 600) -> str:
        """Run a command. Raises StepError."""
        files = [word for file in self.files for word in ("--file", str(file))]
        environment = {**os.environ, "HTTP_PORT": str(self.proxy.port)}
        if image:
            environment["IMAGE"] = image
        folder = str(self.files[0].parent)
        return run(
            *("docker", "compose", "--progress", "quiet", "--project-directory", folder),
            *files,
            *arguments,
            env=environment,
            seconds=seconds,
        )

    @cached_property
    def configuration(self) -> dict[str, Any]:
        """The merged configuration of the files."""
        return dict(json.loads(self("config", "--format", "json")))

    @property
    def project(self) -> str:
        """Name of the project, the prefix of every name."""
        return str(self.configuration["name"])

    @property
    def file_options(self) -> str:
        """Options for a command of the operator, in the folder of the first file."""
        files = [str(os.path.relpath(it, self.files[0].parent)) for it in self.files]
        return "" if files == ["compose.yaml"] else " ".join(f"--file {it}" for it in files) + " "

    def hash_service(self, service: str, image: str = "") -> str:
        """Return the hash of a service's configuration, with which compose labels containers."""
        return self("config", "--hash", service, image=image).split()[-1]

    def find_running(self, service: str) -> list[str]:
        """List the running containers of a service, without those of `compose run`."""
        labels = (f"project={self.project}", f"service={service}", "oneoff=False")
        return sorted(_list_containers("{{.Names}}", *labels))

    def find_other_project(self, service: str) -> str:
        """Return the other project that runs this service from this folder, if there is one."""
        labels = (f"project.working_dir={self.files[0].parent}", f"service={service}")
        found = _list_containers('{{.Label "com.docker.compose.project"}}', *labels)
        return next((it for it in found if it != self.project), "")

    def start_dependencies(self) -> None:
        """Start what the service depends on, except services that run once and exit."""
        services = self.configuration["services"]
        needed = services[self.settings.service].get("depends_on") or {}
        names: set[str] = set()
        for name, dependency in needed.items():
            runs_once = dependency["condition"] == "service_completed_successfully"
            names.update((services[name].get("depends_on") or ()) if runs_once else [name])
        if names:
            self("up", "--detach", "--wait", "--no-recreate", *sorted(names))


def _list_containers(form: str, *labels: str) -> list[str]:
    filters = [word for it in labels for word in ("--filter", f"label=com.docker.compose.{it}")]
    return run("docker", "ps", "--format", form, *filters, seconds=30).split()
