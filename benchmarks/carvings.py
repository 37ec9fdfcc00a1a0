"""Services carved from a checkout of the template, with business features put in."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.processes import Program
from tests.proofs.carved import clean, uv

if TYPE_CHECKING:
    from collections.abc import Iterable

FEATURES = Path(__file__).with_name("features")
OFF = ("database=false", "cache=false", "outbound=false", "tracing=false", "auth=false")
"""Answers that leave logs, metrics, problems, headers and limits."""
PRODUCTION = {
    "ENVIRONMENT": "production",
    "SECURITY_ALLOWED_HOSTS": "localhost",
    "SERVER_HOST": "127.0.0.1",
    "SERVER_PORT": "{port}",
    "METRICS_HOST": "127.0.0.1",
    "METRICS_PORT": "{spare}",
    "SERVER_DRAIN_SECONDS": "0",
}


def carve(template: Path, where: Path, *answers: str, features: Iterable[str] = ("hello",)) -> Path:
    """Carve, put the features in, install; give the service's folder."""
    command = [sys.executable, "-m", "cookiecutter", str(template), "--no-input"]
    where.mkdir(parents=True)
    subprocess.run(
        [*command, "--output-dir", str(where), f"python_version={python(template)}", *answers],
        check=True,
        stdout=subprocess.DEVNULL,
        env=clean(PYTHONDONTWRITEBYTECODE="1"),
    )
    (made,) = where.iterdir()
    for feature in features:
        put_in(made, feature)
    install = [uv(), "sync", "--quiet", "--no-dev", "--compile-bytecode"]
    subprocess.run(install, check=True, cwd=made, env=clean())
    compiled = [str(made / ".venv/bin/python"), "-m", "compileall", "-q", "app"]
    subprocess.run(compiled, check=True, cwd=made)
    return made


def python(template: Path) -> str:
    """Choose the first version on offer that this machine has."""
    offered = json.loads((template / "cookiecutter.json").read_text("utf-8"))["python_version"]
    for version in offered:
        with TemporaryDirectory() as folder:  # asked as a service with this answer would
            Path(folder, ".python-version").write_text(version)
            ask = [uv(), "python", "find", "--no-python-downloads"]
            found = subprocess.run(ask, capture_output=True, check=False, cwd=folder, env=clean())
        if not found.returncode:
            return str(version)
    raise RuntimeError(f"none of these versions of Python is here: {', '.join(offered)}")


def put_in(service: Path, feature: str) -> None:
    """Add a feature as a developer does: its folder, its import and its field in main.py."""
    shutil.copytree(
        FEATURES / feature,
        service / "app" / feature,
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    main = service / "app" / "main.py"
    named = feature.title()
    text = main.read_text("utf-8")
    for line, added in (
        ("from app.greetings import Greetings\n", f"from app.{feature} import {named}\n"),
        ("    greetings: Greetings = Greetings()\n", f"    {feature}: {named} = {named}()\n"),
    ):
        if line not in text:
            raise ValueError(f"main.py has no line {line!r}")
        text = text.replace(line, line + added)
    main.write_text(text, "utf-8")


def program(service: Path, **variables: str) -> Program:
    """How a carved service is run in production."""
    python = str(service / ".venv" / "bin" / "python")
    return Program((python, "-m", "app"), service, {**PRODUCTION, **variables})
