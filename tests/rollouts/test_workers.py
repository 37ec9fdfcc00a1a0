"""Workers of jobs are replaced with each release, by an engine, and taken back by a rollback."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from tests.proofs.carved import Carved
from tests.rollouts.conftest import ANSWERS
from tests.rollouts.docker_host import DockerHost, build_image, docker, has_engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WITH_WORKERS = """
[docker]
migrate = ["python", "-m", "app", "database", "upgrade"]
workers = ["worker"]
"""


@pytest.fixture
def host(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Iterator[DockerHost]:
    """A host of a service with jobs, on which nothing has been rolled out."""
    if not has_engine():
        pytest.skip("NOT PROVEN: no container engine answers")
    where = tmp_path_factory.mktemp("jobs")
    checkout = Carved.make(where, **{**ANSWERS, "database": True, "jobs": True})
    checkout.run("make", "lock")
    checkout.run("make", "secrets")
    DockerHost.base = build_image(checkout)
    host = DockerHost(checkout, tmp_path)
    host.configure(replicas=1, timeout=90)
    path = host.folder / "deploy" / "rollout.toml"
    path.write_text(path.read_text() + WITH_WORKERS)
    try:
        yield host
    finally:
        host.clean_up()
        docker("rmi", "--force", DockerHost.base)


def worker_revision(host: DockerHost) -> str:
    """Return the revision of the one worker that runs, which must be healthy."""
    (name,) = [it for it in host.list_containers() if "-worker-" in it]
    found = json.loads(docker("inspect", name))[0]
    assert found["State"]["Health"]["Status"] == "healthy"
    return str(found["Config"]["Labels"]["org.opencontainers.image.revision"])


@pytest.mark.timeout(900)
def test_a_release_replaces_the_worker_last_and_a_rollback_takes_it_back(host: DockerHost) -> None:
    host.run_tool("rolling", host.create_release("one"))
    assert worker_revision(host) == "one"
    began = time.monotonic()
    run = host.run_tool("rolling", host.create_release("two"))
    seconds = time.monotonic() - began
    assert "replace the workers by those of" in run.output
    assert (host.settled_revision(replicas=1), worker_revision(host)) == ("two", "two")
    host.run_tool("rolling", host.create_release("bad", "crashes"), code=1)
    assert (host.settled_revision(replicas=1), worker_revision(host)) == ("two", "two")
    host.run_tool("rollback", "1")
    assert (host.settled_revision(replicas=1), worker_revision(host)) == ("one", "one")
    print(f"D1: a release with its worker, docker: {seconds:.1f} s, and a rollback takes it back")  # noqa: T201 - the figure
