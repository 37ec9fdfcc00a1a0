"""A host whose releases are images, run by the Docker engine."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING
from uuid import uuid4

from tests.rollouts.place import HERE, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proofs.carved import Carved

DOCKERFILE = """\
FROM {base}
ARG REVISION
ENV PYTHONPATH=/srv SERVICE_REVISION=$REVISION LOG_LEVEL=WARNING
LABEL org.opencontainers.image.revision=$REVISION
COPY --chmod=444 release.py FAULT ./
CMD ["python", "release.py"]
"""


def docker(*command: str) -> str:
    """Talk to the engine."""
    ended = subprocess.run(["docker", *command], check=False, capture_output=True, text=True)
    assert ended.returncode == 0, f"{command}\n{ended.stderr}"
    return ended.stdout.strip()


def has_engine() -> bool:
    """Tell whether an engine answers, with compose."""
    try:
        docker("version")
        docker("compose", "version")
    except (OSError, AssertionError):
        return False
    return True


def built(service: Carved) -> str:
    """Build the carved service's image; return its name."""
    name = f"rollouts-base-{uuid4().hex[:8]}"
    docker("build", "--quiet", "--tag", name, str(service.path))
    return name


class DockerPlace(Place):
    """Where the carved service's deploy/ and compose files roll out."""

    driver = "docker"
    base = ""

    def lay_out(self) -> None:
        """Copy a checkout, and give it a name of its own."""
        self.project = f"rollouts-{uuid4().hex[:8]}"
        self.variables = {"COMPOSE_PROJECT_NAME": self.project}
        ignored = shutil.ignore_patterns(".venv", "releases")
        shutil.copytree(self.service.path, self.folder, dirs_exist_ok=True, ignore=ignored)

    def release(self, revision: str, fault: str = "") -> str:
        """Build an image."""
        folder = self.folder / "releases" / revision
        folder.mkdir(parents=True)
        shutil.copy(HERE / "release.py", folder)
        (folder / "FAULT").write_text(fault)
        (folder / "Dockerfile").write_text(DOCKERFILE.format(base=self.base))
        name = f"{self.project}:{revision}"
        docker("build", "--quiet", "--build-arg", f"REVISION={revision}", "-t", name, str(folder))
        return name

    def containers(self, *options: str) -> list[str]:
        """Name the containers of the project."""
        ours = f"label=com.docker.compose.project={self.project}"
        return docker("ps", "--filter", ours, "--format", "{{.Names}}", *options).split()

    def instances(self) -> Iterator[int]:
        """Count those that run."""
        return (number for number, it in enumerate(self.containers()) if "-web-" in it)

    def reboot(self) -> None:
        """End everything at once; the engine is not to start it again by itself."""
        if running := self.containers():
            docker("kill", *running)

    def remove(self) -> None:
        """Leave nothing of it on the engine."""
        if left := self.containers("--all"):
            docker("rm", "--force", *left)
        networks = docker("network", "ls", "--filter", f"name={self.project}_", "--quiet").split()
        if networks:
            docker("network", "rm", *networks)
        volumes = docker("volume", "ls", "--filter", f"name={self.project}_", "--quiet").split()
        if volumes:
            docker("volume", "rm", *volumes)
        images = [
            image
            for name in (self.project, f"{self.project}-release")
            for image in docker("images", "--format", "{{.Repository}}:{{.Tag}}", name).split()
        ]
        if images:
            docker("rmi", "--force", *images)
