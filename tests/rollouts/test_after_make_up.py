"""`make up`, then rollouts, and back: whoever serves goes on, or is left as they are."""

from __future__ import annotations

import json
import os
import subprocess
import time
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.proofs.carved import clean, uv
from tests.rollouts.docker_place import DockerPlace, docker
from tests.rollouts.place import users

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proofs.carved import Carved

STRATEGIES = ("rolling", "blue-green", "canary")
READING = (["doctor"], ["status"], ["history"], ["--help"], ["rolling", "IMAGE", "--dry-run"])


class MadeUp(DockerPlace):
    """A checkout where `make` is used as well."""

    def lay_out(self) -> None:
        """Choose the ports that `make up` publishes."""
        super().lay_out()
        self.variables |= {"HTTP_PORT": str(self.proxy.port), "PROMETHEUS_PORT": "0"}

    def make(self, *arguments: str, code: int = 0) -> str:
        """Run `make`, which must end with this exit code."""
        path = f"{Path(uv()).parent}{os.pathsep}{os.environ['PATH']}"
        ended = subprocess.run(
            ["make", *arguments],
            cwd=self.folder,
            env=clean(**self.variables, PATH=path, PYTHONDONTWRITEBYTECODE="1"),
            check=False,
            capture_output=True,
            text=True,
        )
        said = ended.stdout + ended.stderr
        assert ended.returncode == code, said
        return said

    def seen(self) -> dict[str, str]:
        """Tell all that a command could have changed: files by content, and what the engine has."""
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


@pytest.fixture
def place(service: Carved, image: str, tmp_path: Path) -> Iterator[MadeUp]:
    """A host where nothing runs."""
    DockerPlace.base = image
    place = MadeUp(service, tmp_path)
    try:
        yield place
    finally:
        place.remove()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_first_rollout_takes_over_what_make_up_runs(place: MadeUp, strategy: str) -> None:
    place.configure(replicas=1, timeout=60)
    place.make("up")
    began = time.monotonic()
    with users(place, clients=2) as those:
        said = place.deploy(strategy, place.release("two"))
        seconds = time.monotonic() - began
        assert "taking over what compose runs: up-1" in said.out
        assert place.settled(replicas=1) == "two"
        assert f"{place.project}-web-1" not in place.containers("--all")
        place.deploy("rollback")
    assert not those.tally.failed, those.tally.reasons
    assert place.version() == place.history()[0]["revision"]  # of what was taken over
    told = f"{seconds:.1f} s; 0 failed of {those.tally.total}, there and back"
    print(f"D1: first {strategy} release after make up, docker: {told}")  # noqa: T201 - the figure


@pytest.mark.timeout(600)
def test_make_up_beside_a_rollout_touches_nothing_and_make_down_ends_it(place: MadeUp) -> None:
    place.configure(replicas=1, timeout=60)
    place.deploy("rolling", place.release("one"))
    before = place.containers("--all")
    said = place.make("up", code=2)
    assert "so nothing was done" in said
    assert "python3 -m chassis.rollout resume" in said
    assert place.containers("--all") == before
    assert place.settled(replicas=1) == "one"
    place.make("down")
    assert not place.containers("--all")
    place.deploy("resume")
    assert place.settled(replicas=1) == "one"
    place.make("down")
    subprocess.run(["rm", "-r", "deploy/state"], cwd=place.folder, check=True)
    place.make("up")
    assert place.version() == "unknown"


@pytest.mark.timeout(600)
def test_commands_that_only_look_write_nothing(place: MadeUp) -> None:
    image = place.release("one")
    for change in (None, lambda: place.make("up"), lambda: place.deploy("rolling", image)):
        if change:
            change()
        before = place.seen()
        for command in READING:
            process = place.start(*(image if it == "IMAGE" else it for it in command))
            out, _ = process.communicate(timeout=60)
            assert "Traceback" not in out
            assert place.seen() == before, command


@pytest.mark.timeout(600)
def test_a_port_that_make_up_has_chosen_otherwise_is_refused_before_anything(place: MadeUp) -> None:
    place.variables["HTTP_PORT"] = str(place.ports[2])
    place.make("up")
    before = place.seen()
    said = place.deploy("rolling", place.release("one"), code=2)
    assert f"Write into deploy/rollout.toml: port = {place.ports[2]}" in said.out
    after = place.seen()
    lock = str(place.folder / "deploy" / "state")
    assert {it for it in after if after[it] != before.get(it)} <= {lock, "images"}


def test_killed_before_the_restart_policy_is_set_a_resume_sets_it(place: MadeUp) -> None:
    place.configure(replicas=1, timeout=60)
    assert place.killed("update", "rolling", place.release("one"))
    name = f"{place.project}-web-blue-1-1"
    policy = ("container", "inspect", "--format", "{{json .HostConfig.RestartPolicy.Name}}", name)
    assert json.loads(docker(*policy)) != "unless-stopped"
    place.deploy("resume", "--start-only", code=3)
    assert json.loads(docker(*policy)) == "unless-stopped"
    place.deploy("resume")
    assert place.settled(replicas=1) == "one"
