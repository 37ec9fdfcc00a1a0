"""The README's commands, on a clean clone in an empty home."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
import urllib.request
from typing import TYPE_CHECKING

from tests.proofs.carved import TEMPLATE, Carved, clean

if TYPE_CHECKING:
    from pathlib import Path

TIMEOUT = 300
SERVING = re.compile(r"serving (?!metrics).*(http://127\.0\.0\.1:\d+)")


def bare(home: Path) -> dict[str, str]:
    """Environment of a fresh machine: the system's programs and an empty home, no uv."""
    tools = home / "bin"
    tools.mkdir(parents=True)
    for name in ("git", "make", "python3"):
        (tools / name).symlink_to(os.path.realpath(shutil.which(name) or ""))
    ports = {"SERVER_PORT": "0", "METRICS_PORT": "0"}
    return {**clean(), **ports, "HOME": str(home), "PATH": f"{tools}:/usr/bin:/bin"}


def start_and_read_readiness(folder: Path, command: list[str], environment: dict[str, str]) -> str:
    """Start a command that serves; return what its /readyz says where it says it answers."""
    log = folder / "output.txt"
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline and process.poll() is None:
            if found := SERVING.search(log.read_text()):
                with urllib.request.urlopen(f"{found[1]}/readyz", timeout=10) as answer:  # noqa: S310
                    return str(answer.read().decode())
            time.sleep(0.2)
        raise AssertionError(log.read_text())
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def test_one_command_of_the_readme_carves_installs_and_runs_a_service(tmp_path: Path) -> None:
    environment = bare(tmp_path / "home")
    subprocess.run(
        ["git", "clone", "--quiet", str(TEMPLATE), "clone"],
        cwd=tmp_path,
        env=environment,
        check=True,
    )
    command = ["make", "service", "ANSWERS=metrics=false project_name='Order desk'"]
    assert "pass" in start_and_read_readiness(tmp_path / "clone", command, environment)
    (service,) = (tmp_path / "clone" / "build").glob("*/order-desk")
    moved = Carved(service.rename(tmp_path / "elsewhere"))
    moved.run("make", "lint", **environment)
    moved.run("make", "test", "ARGS=app/greetings", **environment)


def test_a_carved_service_runs_and_tests_itself_with_python_and_make_alone(tmp_path: Path) -> None:
    environment = bare(tmp_path / "home")
    version = subprocess.run(
        ["python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    carved = Carved.make(tmp_path, python_version=version)
    assert "pass" in start_and_read_readiness(carved.path, ["make", "run"], environment)
    carved.run("make", "test", "ARGS=app/greetings", **environment)
