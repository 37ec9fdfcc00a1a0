"""What an engineer on call finds on a host where releases are rolled out as containers."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.proofs.carved import clean
from tests.rollouts.docker_host import DockerHost, docker
from tests.rollouts.host import user_load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.proofs.carved import Carved

SECONDS = 20
"""Within which `make logs` has written the last lines of every container."""


@pytest.fixture
def host(checkout: Carved, image: str, tmp_path: Path) -> Iterator[DockerHost]:
    """A host where a release of one instance serves."""
    DockerHost.base = image
    host = DockerHost(checkout, tmp_path)
    try:
        host.configure(replicas=1, seconds=20, smoke=False, timeout=60, canary=((50, 20),))
        host.run_tool("rolling", host.create_release("one"))
        yield host
    finally:
        host.clean_up()


def follow_logs(host: DockerHost, name: str) -> str:
    """Read what `make logs` writes, until it has a line of that container."""
    output = host.folder / "output"
    with output.open("w") as file:
        process = subprocess.Popen(
            ["make", "logs"],
            cwd=host.folder,
            env=clean(**host.variables, PATH=os.environ["PATH"]),
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    end = time.monotonic() + SECONDS
    while f"{name} | " not in output.read_text() and time.monotonic() < end:
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C in a terminal
    process.wait(10)
    return output.read_text()


@pytest.mark.timeout(600)
def test_a_rolled_back_release_leaves_its_errors_and_the_readings_of_its_gates(
    host: DockerHost,
) -> None:
    with user_load(host, clients=2):
        run = host.run_tool("canary", host.create_release("two", "fails"), code=1)
    assert "Most frequent error (" in run.output
    assert re.search(r": RuntimeError: a bad release, (GET|POST) .* 500\n", run.output), run.output
    kept = host.folder / "deploy" / "state" / "rollouts" / "2.log"
    assert f"Its warnings and errors: {kept}" in run.output
    assert "a bad release" in kept.read_text()
    assert kept.stat().st_mode & 0o777 == 0o600
    gates = {it["gate"]: it for it in host.read_history()[-1]["gates"]}
    assert gates["error ratio"]["value"] > gates["error ratio"]["limit"]


@pytest.mark.timeout(600)
def test_logs_and_doctor_see_the_instances_of_rollouts(host: DockerHost) -> None:
    name = f"{host.project}-web-blue-1-1"
    assert host.read_status()[0]["container"] == name
    docker("exec", name, "python", "-c", "open('/proc/1/fd/1', 'w').write('a line\\n')")
    assert f"{name} | a line" in follow_logs(host, name)
    host.reboot()
    said = host.run_tool("doctor", code=1).output
    assert "FAIL instances: blue-1-1 is dead. Run: python3 -m chassis.rollout resume" in said
    host.run_tool("resume")
    assert host.settled_revision(replicas=1) == "one"


@pytest.mark.timeout(600)
def test_a_shell_that_names_another_project_changes_nothing_and_is_told_the_name(
    host: DockerHost,
) -> None:
    ours = host.variables.pop("COMPOSE_PROJECT_NAME")
    before = host.list_containers("--all")
    advice = f"Run: echo COMPOSE_PROJECT_NAME={ours} >> .env"
    try:
        assert advice in host.run_tool("doctor", code=1).output
        assert advice in host.run_tool("resume", code=2).output
        assert host.list_containers("--all") == before
        (host.folder / ".env").write_text(f"COMPOSE_PROJECT_NAME={ours}\n")
        assert "FAIL" not in host.run_tool("doctor").output
    finally:
        host.variables["COMPOSE_PROJECT_NAME"] = ours
