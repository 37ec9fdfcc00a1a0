"""A host whose releases are images, run by the Docker engine."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import closing
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from tests.proofs.carved import clean, uv
from tests.rollouts.host import HERE, RolloutHost

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
    """Run a command of the engine; return its output."""
    ended = subprocess.run(["docker", *command], check=False, capture_output=True, text=True)
    assert ended.returncode == 0, f"{command}\n{ended.stderr}"
    return ended.stdout.strip()


def has_engine() -> bool:
    """Return whether an engine answers, with compose."""
    try:
        docker("version")
        docker("compose", "version")
    except (OSError, AssertionError):
        return False
    return True


def build_image(service: Carved) -> str:
    """Build the carved service's image; return its name."""
    name = f"rollouts-base-{uuid4().hex[:8]}"
    docker("build", "--quiet", "--tag", name, str(service.path))
    return name


class DockerHost(RolloutHost):
    """A host with a checkout of the carved service."""

    tool = "chassis.rollout"
    ready_seconds = 20
    base = ""

    def copy_files(self) -> None:
        """Copy a checkout, and name its compose project."""
        self.project = f"rollouts-{uuid4().hex[:8]}"
        self.variables = {"COMPOSE_PROJECT_NAME": self.project}
        ignored = shutil.ignore_patterns(".venv", "releases")
        shutil.copytree(self.service.path, self.folder, dirs_exist_ok=True, ignore=ignored)
        subprocess.run(["make", "secrets"], cwd=self.folder, check=True)

    def create_release(self, revision: str, fault: str = "") -> str:
        """Build an image."""
        folder = self.folder / "releases" / revision
        folder.mkdir(parents=True)
        shutil.copy(HERE / "release.py", folder)
        (folder / "FAULT").write_text(fault)
        (folder / "Dockerfile").write_text(DOCKERFILE.format(base=self.base))
        name = f"{self.project}:{revision}"
        docker("build", "--quiet", "--build-arg", f"REVISION={revision}", "-t", name, str(folder))
        return name

    def list_containers(self, *options: str) -> list[str]:
        """List the containers of the project."""
        ours = f"label=com.docker.compose.project={self.project}"
        return docker("ps", "--filter", ours, "--format", "{{.Names}}", *options).split()

    def find_instances(self) -> Iterator[int]:
        """Yield a number for each that runs."""
        return (number for number, it in enumerate(self.list_containers()) if "-web-" in it)

    def reboot(self) -> None:
        """Kill everything at once; the engine does not restart what was killed."""
        if running := self.list_containers():
            docker("kill", *running)

    def clean_up(self) -> None:
        """Remove containers, networks, volumes and images of the project."""
        if left := self.list_containers("--all"):
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


class ComposeHost(DockerHost):
    """A checkout where `make` runs as well."""

    def copy_files(self) -> None:
        """Choose the ports that `make up` publishes."""
        super().copy_files()
        self.variables |= {"HTTP_PORT": str(self.proxy.port), "PROMETHEUS_PORT": "0"}

    def run_make(self, *arguments: str, code: int = 0) -> str:
        """Run `make`, which must exit with this code."""
        path = f"{Path(uv()).parent}{os.pathsep}{os.environ['PATH']}"
        ended = subprocess.run(
            ["make", *arguments],
            cwd=self.folder,
            env=clean(**self.variables, PATH=path, PYTHONDONTWRITEBYTECODE="1"),
            check=False,
            capture_output=True,
            text=True,
        )
        output = ended.stdout + ended.stderr
        assert ended.returncode == code, output
        return output

    def read_header(self, name: str) -> str | None:
        """Read a header of an answer that comes through nginx."""
        with closing(HTTPConnection(*self.proxy, timeout=10)) as connection:
            connection.request("GET", "/version")
            return connection.getresponse().getheader(name)

    def read_state(self) -> dict[str, str]:
        """Read all that a command could change: files by content, and what the engine has."""
        deploy = self.folder / "deploy"
        files = {
            str(it): sha256(it.read_bytes()).hexdigest()
            for it in deploy.rglob("*.*")
            if it.is_file()
        }
        folders = {str(it): "folder" for it in deploy.rglob("*") if it.is_dir()}
        ours = ("--filter", f"name={self.project}")
        lists = (("ps", "--all", "--quiet", *ours), ("network", "ls", "--quiet", *ours))
        engine = {it[0]: docker(*it) for it in (*lists, ("images", "--quiet", f"{self.project}*"))}
        return {**files, **folders, **engine}
