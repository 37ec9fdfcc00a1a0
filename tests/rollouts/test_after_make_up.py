"""`make up`, then rollouts, and back: what serves keeps serving, or is left as it is."""

from __future__ import annotations

import json
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.proofs.carved import clean
from tests.rollouts.docker_host import ComposeHost, DockerHost, docker
from tests.rollouts.host import user_load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.proofs.carved import Carved

STRATEGIES = ("rolling", "blue-green", "canary")
PROFILE = """
services:
  extra:
    image: {image}
    command: sleep 600
    profiles: [extra]
    networks: [edge]
"""
READING = (["doctor"], ["status"], ["history"], ["--help"], ["rolling", "IMAGE", "--dry-run"])


@pytest.fixture
def host(checkout: Carved, image: str, tmp_path: Path) -> Iterator[ComposeHost]:
    """A host where nothing runs."""
    DockerHost.base = image
    host = ComposeHost(checkout, tmp_path)
    try:
        yield host
    finally:
        host.clean_up()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_first_rollout_takes_over_what_make_up_runs(host: ComposeHost, strategy: str) -> None:
    host.configure(replicas=1, timeout=60)
    host.run_make("up")
    began = time.monotonic()
    with user_load(host, clients=2) as load:
        run = host.run_tool(strategy, host.create_release("two"))
        seconds = time.monotonic() - began
        assert "taking over what compose runs: up-1" in run.output
        assert host.settled_revision(replicas=1) == "two"
        assert f"{host.project}-web-1" not in host.list_containers("--all")
        host.run_tool("rollback")
    assert not load.tally.failed, load.tally.reasons
    assert host.read_revision() == host.read_history()[0]["revision"]  # of what was taken over
    result = f"{seconds:.1f} s; 0 failed of {load.tally.total}, there and back"
    print(f"D1: first {strategy} release after make up, docker: {result}")  # noqa: T201 - the figure


@pytest.mark.timeout(600)
def test_make_up_beside_a_rollout_touches_nothing_and_make_down_ends_it(host: ComposeHost) -> None:
    host.configure(replicas=1, timeout=60)
    host.run_tool("rolling", host.create_release("one"))
    before = host.list_containers("--all")
    output = host.run_make("up", code=2)
    assert "nothing was changed" in output
    assert "python3 -m chassis.rollout resume" in output
    assert host.list_containers("--all") == before
    assert host.settled_revision(replicas=1) == "one"
    host.run_make("down")
    assert not host.list_containers("--all")
    host.run_tool("resume")
    assert host.settled_revision(replicas=1) == "one"
    host.run_make("down")
    subprocess.run(["rm", "-r", "deploy/state"], cwd=host.folder, check=True)
    host.run_make("up")
    assert host.read_revision() == "unknown"


@pytest.mark.timeout(600)
def test_make_down_ends_what_a_profile_and_a_rollout_started_and_make_ps_shows_what_is_left(
    host: ComposeHost,
) -> None:
    host.configure(replicas=1, timeout=60)
    with (host.folder / "compose.yaml").open("a") as file:
        file.write(PROFILE.format(image=DockerHost.base))
    host.run_tool("rolling", host.create_release("one"))
    command = ("docker", "compose", "--profile", "extra", "up", "--detach", "extra")
    subprocess.run(command, cwd=host.folder, env=clean(**host.variables), check=True)
    foreign = f"{host.project}-foreign"
    network = f"{host.project}_edge"
    run = ("run", "--detach", "--name", foreign, "--network", network)
    docker(*run, DockerHost.base, "sleep", "600")
    try:
        shown = host.run_make("ps")
        assert f"{host.project}-extra-1" in shown
        assert f"{host.project}-web-blue-1-1" in shown
        assert foreign in host.run_make("down", code=2)
        assert host.list_containers("--all") == []
        assert network in host.run_make("ps")
    finally:
        docker("rm", "--force", foreign)
    host.run_make("down")
    assert host.project not in host.run_make("ps").replace(f"{host.project}_prometheus", "")


@pytest.mark.timeout(600)
def test_a_changed_configuration_is_reported_and_a_restart_applies_it(host: ComposeHost) -> None:
    host.configure(replicas=1, timeout=60)
    host.run_tool("rolling", host.create_release("one"))
    (row,) = host.read_status()
    assert row["memory_mebibytes"] > 20
    said = host.run_tool("doctor").output
    assert f"ok   port: {host.proxy.port} is used by the proxy of this service" in said
    assert "ok   configuration" in said
    path = host.folder / "compose" / "blueprints.yaml"
    path.write_text(path.read_text().replace("mem_limit: 512m", "mem_limit: 500m"))
    said = host.run_tool("doctor", code=1).output
    assert "FAIL configuration: blue-1-1 were started with another configuration" in said
    host.run_tool("rolling")
    assert "ok   configuration" in host.run_tool("doctor").output
    assert host.settled_revision(replicas=1) == "one"


@pytest.mark.timeout(600)
def test_a_change_of_the_proxy_is_loaded_by_one_command_without_losing_a_request(
    host: ComposeHost,
) -> None:
    host.run_make("up")
    path = host.folder / "proxy" / "nginx" / "server.conf"
    text = path.read_text()
    with user_load(host, clients=4, at_least=1000) as load:
        for number in range(5):
            new = path.with_suffix(".new")
            new.write_text(f"{text}\nadd_header X-Proof {number} always;\n")
            new.replace(path)  # as git and editors do
            host.run_make("proxy")
            time.sleep(1)
            assert host.read_header("X-Proof") == str(number)
        path.write_text(f"{text}\nnonsense;\n")
        assert "nonsense" in host.run_make("proxy", code=2)
        assert host.read_header("X-Proof") == "4"
    assert not load.tally.failed, load.tally.reasons
    print(f"make proxy, 5 times: 0 failed of {load.tally.total}")  # noqa: T201 - the figure
    path.write_text(text)
    assert "compose file" not in host.run_make("proxy")
    compose = host.folder / "proxy" / "compose.yaml"
    compose.write_text(compose.read_text().replace("mem_limit: 128m", "mem_limit: 129m"))
    assert "docker compose up --detach --no-deps --wait proxy" in host.run_make("proxy")


@pytest.mark.timeout(600)
def test_commands_that_only_look_write_nothing(host: ComposeHost) -> None:
    image = host.create_release("one")
    for change in (None, lambda: host.run_make("up"), lambda: host.run_tool("rolling", image)):
        if change:
            change()
        before = host.read_state()
        for command in READING:
            process = host.start_tool(*(image if it == "IMAGE" else it for it in command))
            output, _ = process.communicate(timeout=60)
            assert "Traceback" not in output
            assert host.read_state() == before, command


@pytest.mark.timeout(600)
def test_a_port_that_make_up_has_chosen_otherwise_is_refused_before_anything(
    host: ComposeHost,
) -> None:
    host.variables["HTTP_PORT"] = str(host.ports[2])
    host.run_make("up")
    before = host.read_state()
    run = host.run_tool("rolling", host.create_release("one"), code=2)
    assert f"Change it to: port = {host.ports[2]}" in run.output
    after = host.read_state()
    lock = str(host.folder / "deploy" / "state")
    assert {it for it in after if after[it] != before.get(it)} <= {lock, "images"}


def test_killed_before_the_restart_policy_is_set_a_resume_sets_it(host: ComposeHost) -> None:
    host.configure(replicas=1, timeout=60)
    assert host.kill_tool_at("update", "rolling", host.create_release("one"))
    name = f"{host.project}-web-blue-1-1"
    policy = ("container", "inspect", "--format", "{{json .HostConfig.RestartPolicy.Name}}", name)
    assert json.loads(docker(*policy)) != "unless-stopped"
    host.run_tool("resume", "--start-only", code=3)
    assert json.loads(docker(*policy)) == "unless-stopped"
    host.run_tool("resume")
    assert host.settled_revision(replicas=1) == "one"
