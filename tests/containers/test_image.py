"""The image holds what runs and nothing else, belongs to root, and is the same twice."""

from __future__ import annotations

import os
import shutil
import time
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.containers.layers import differences, layers
from tests.containers.stack import PYTHON, Stack, docker, eventually, health, inspect, is_ready, run
from tests.proofs.load import Address
from tests.template import files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CEILING_MB = 130
"""What the environment and the code may add to the base."""
START_SECONDS = 60
HARDENED = (
    *("--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges"),
    *("--pids-limit=50", "--memory=256m"),
)
PLANTED = {
    ".env": "SECRET=1",
    ".secrets/key": "hush",
    "app/.env": "SECRET=1",
    "app/greetings/tests/test_extra.py": "",
    "app/greetings/notes.md": "beside the code, as data",
    "app/greetings/words.toml": "",
    "app/greetings/words/polite.yaml": "",
    "app/greetings/__pycache__/stale.pyc": "",
    "compose.override.yaml": "{}",
}


COMMITTED = 1_700_000_000
"""When the source was, in seconds of Unix time."""
GIT_IDENTITY = {
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.com",
    "GIT_COMMITTER_DATE": f"{COMMITTED} +0000",
}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """A clone that has been worked in, locked."""
    stack = Stack.carve(tmp_path_factory.mktemp("source"))
    for command in (("init",), ("add", "--all"), ("commit", "--message=First")):
        run("git", *command, cwd=stack.path, variables=GIT_IDENTITY)
    for name, text in PLANTED.items():
        (stack.path / name).parent.mkdir(parents=True, exist_ok=True)
        (stack.path / name).write_text(text)
    stack.make("lock")
    return stack


@pytest.fixture(scope="module")
def image(source: Stack) -> Iterator[str]:
    """Its image, built by the command that people use."""
    began = time.monotonic()
    source.make("image", f"IMAGE={source.project}", "VERSION=1.2.3", "REVISION=abc1234")
    print(f"C2: the image was built in {time.monotonic() - began:.1f} s")  # noqa: T201
    yield source.project
    docker("image", "rm", "--force", source.project)


def inside(image: str, command: str, user: str = "0") -> list[str]:
    """Lines that a shell prints in a container of the image."""
    said = docker("run", "--rm", f"--user={user}", "--entrypoint=sh", image, "-c", command)
    return said.splitlines()


def test_the_environment_and_the_code_are_in_it_and_nothing_else(source: Stack, image: str) -> None:
    every = "cd /srv && find {} -name __pycache__ -prune -o -type f -print"
    tools = ("/contract/", "/kubernetes/", "/rollout/", "/testing/", "/SHA256SUMS")
    for folder, left_out in ("app", (".env",)), ("chassis", tools):
        code = [f"{folder}/{name}" for name in files(source.path / folder)]
        unfit = ("/tests/", "__pycache__", *left_out)
        expected = {name for name in code if not any(part in name for part in unfit)}
        assert set(inside(image, every.format(folder))) == expected
    assert inside(image, "ls -A /srv") == [".venv", "app", "chassis"]
    assert not inside(image, "find / -xdev -type f -name uv -o -type f -name uvx")
    assert not inside(image, "find /srv -name pytest -o -name mypy -o -name ruff")


def test_it_belongs_to_root_and_its_user_may_write_none_of_it(image: str) -> None:
    assert not inside(image, r"find /srv ! -user root -o ! -group root -o ! -type l -perm /022")
    assert not inside(image, "find /srv /usr -writable ! -type l", user="10001:10001")
    assert not inside(image, r"find /srv ! -readable -o -type d ! -executable", user="10001:10001")


def test_it_says_what_it_is_and_how_it_is_run(image: str) -> None:
    known = inspect(image)["Config"]
    assert known["User"] == "10001:10001"
    assert known["Cmd"] == ["python", "-m", "app"]
    assert known["StopSignal"] == "SIGTERM"
    assert known["Healthcheck"]["Test"] == ["CMD", "python", "-m", "app", "health"]
    assert set(known["ExposedPorts"]) == {"8000/tcp", "9090/tcp"}
    prefix = "org.opencontainers.image."
    labels = {name.removeprefix(prefix): it for name, it in known["Labels"].items()}
    assert labels["title"] == "orders"
    assert (labels["version"], labels["revision"]) == ("1.2.3", "abc1234")
    assert labels["licenses"] == "MIT"
    assert datetime.fromisoformat(inspect(image)["Created"]).timestamp() == COMMITTED
    settings = ("--env=ENVIRONMENT=test", image, "python", "-m", "app", "version")
    assert docker("run", "--rm", *settings) == "orders 1.2.3 (abc1234)"


def test_it_adds_little_to_its_base(image: str) -> None:
    added = (inspect(image)["Size"] - inspect(PYTHON)["Size"]) / 1e6
    print(f"C2: the image adds {added:.0f} MB to its base")  # noqa: T201 - the figure
    assert 10 < added < CEILING_MB


def test_it_starts_without_a_shell_a_privilege_or_a_place_to_write(image: str) -> None:
    name = f"{image}-start"
    began = time.monotonic()
    docker(
        *("run", "--detach", "--name", name, *HARDENED, "--volume=/dev/null:/bin/sh:ro"),
        *("--env=ENVIRONMENT=test", "--publish=127.0.0.1::8000", image),
    )
    try:
        _, _, port = docker("port", name, "8000").rpartition(":")
        address = Address("127.0.0.1", int(port))
        eventually(lambda: is_ready(address), START_SECONDS)
        print(f"C2: ready {time.monotonic() - began:.1f} s after docker run")  # noqa: T201
        eventually(lambda: health(name) == "healthy", START_SECONDS)
        began = time.monotonic()
        docker("exec", name, "python", "-m", "app", "health")
        print(f"C2: its health check takes {time.monotonic() - began:.2f} s")  # noqa: T201
        docker("stop", "--timeout=30", name)
        assert inspect(name)["State"]["ExitCode"] == 0
    finally:
        docker("rm", "--force", "--volumes", name)


def test_it_is_production_and_says_what_it_needs(image: str) -> None:
    ended = run("docker", "run", "--rm", *HARDENED, image, fails=True)
    assert ended.returncode == 78
    places = [line.split(":")[0] for line in ended.stderr.splitlines()]
    assert places == [
        "AUTH_SECRET_KEY",
        "CACHE_URL",
        "DATABASE_URL",
        "OUTBOUND_QUOTES_BASE_URL",
        "SECURITY_ALLOWED_HOSTS",
    ]


def test_the_same_commit_makes_the_same_image(source: Stack, image: str, tmp_path: Path) -> None:
    shutil.copytree(source.path, tmp_path / "elsewhere")
    for name, path in files(tmp_path / "elsewhere").items():
        os.utime(path, (1e9, 1e9))
        path.chmod(0o600 if name.startswith("app/") else 0o644)
    other = f"proof-{uuid4().hex[:8]}"
    versions = ("--build-arg=VERSION=1.2.3", "--build-arg=REVISION=abc1234")
    build = ("docker", "build", "--no-cache", *versions, f"--tag={other}", tmp_path / "elsewhere")
    began = time.monotonic()
    run(*build, variables={"SOURCE_DATE_EPOCH": str(COMMITTED)})
    print(f"C2: without a cache, {time.monotonic() - began:.1f} s")  # noqa: T201 - the figure
    try:
        made = (layers(it, tmp_path / f"{it}.tar") for it in (other, image))
        assert not differences(*made)
        assert inspect(other)["Config"] == inspect(image)["Config"]
        assert inspect(other)["Created"] == inspect(image)["Created"]
    finally:
        docker("image", "rm", "--force", other)


def test_a_change_of_the_code_leaves_the_environment_as_it_was(
    source: Stack, image: str, tmp_path: Path
) -> None:
    greetings = source.path / "app" / "greetings" / "__init__.py"
    before = greetings.read_text()
    other = f"proof-{uuid4().hex[:8]}"
    greetings.write_text(f"{before}\n")
    began = time.monotonic()
    try:
        docker("build", f"--tag={other}", str(source.path))
        print(f"C2: rebuilt in {time.monotonic() - began:.1f} s after a change")  # noqa: T201
        as_it_was = layers(image, tmp_path / "image.tar")
        changed = layers(other, tmp_path / "other.tar")
        assert not differences(as_it_was[:-1], changed[:-1])
        assert differences(as_it_was[-1:], changed[-1:])
    finally:
        greetings.write_text(before)
        docker("image", "rm", "--force", other)


def test_without_a_lock_file_the_build_says_which_command_writes_it(source: Stack) -> None:
    (source.path / "uv.lock").rename(source.path / "away")
    try:
        ended = run("docker", "build", source.path, fails=True)
    finally:
        (source.path / "away").rename(source.path / "uv.lock")
    assert "There is no uv.lock. Run 'make lock' and commit it." in ended.stderr


def test_a_lock_file_that_is_out_of_date_stops_the_build(source: Stack) -> None:
    project = source.path / "pyproject.toml"
    before = project.read_text()
    project.write_text(before.replace('  "vendored-', '  "aiofiles",\n  "vendored-'))
    try:
        ended = run("docker", "build", source.path, fails=True)
    finally:
        project.write_text(before)
    assert "needs to be updated" in ended.stderr
    assert "uv lock" in ended.stderr


def test_the_file_it_is_made_by_is_clean(source: Stack) -> None:
    run("hadolint", source.path / "Dockerfile")
