"""Carvings pass their own style, types and tests, the chassis's too, on every Python offered.

Everything, nothing, each option alone, each off, and combinations in which every two answers meet.
"""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import subprocess
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.pairwise import CHOICES, pairwise, seed
from tests.proofs.carved import TEMPLATE, Carved, available, uv
from tests.proofs.passed import Passed, list_test_files

if TYPE_CHECKING:
    from pathlib import Path

QUESTIONS = json.loads((TEMPLATE / "cookiecutter.json").read_text())
FEATURES = [name for name, answer in QUESTIONS.items() if answer is True]
EXTRAS = [name for name, answer in QUESTIONS.items() if answer is False and name[0] != "_"]
"""Options that are off unless they are asked for."""
NOWHERE = {"ci": "none", "deployment": "none"}
Answers = dict[str, bool | str]
NOTHING: Answers = {**dict.fromkeys(FEATURES, False), **NOWHERE}
MEETING = {name: it for name, it in CHOICES.items() if name not in {"licence", "python_version"}}
"""Questions whose answers change what is run; the others are checked statically."""
CONTAINER = "python:{}-slim"


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment that one carving of a worker leaves to the next.

    `uv sync` takes out what the next one has not; types are checked again where anything changed.
    """
    folder = tmp_path_factory.mktemp("shared")
    return {
        "UV_PROJECT_ENVIRONMENT": str(folder / "environment"),
        "MYPY_CACHE_DIR": str(folder / "types"),
    }


@pytest.fixture(scope="session")
def passed(tmp_path_factory: pytest.TempPathFactory) -> Passed:
    """What has passed in this run, in whatever worker."""
    base = tmp_path_factory.getbasetemp()
    return Passed((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "passed")


@pytest.mark.parametrize("version", QUESTIONS["python_version"])
def test_the_service_passes_its_tests_on_every_other_python_offered(
    version: str, tmp_path: Path
) -> None:
    if version == available()[0]:
        pytest.skip("the pipeline of everything runs on it")
    carved = Carved.make(tmp_path, python_version=version)
    if version in available():
        carved.run("make", "test")
    elif has_image(CONTAINER.format(version)):
        in_container(carved, CONTAINER.format(version))
    else:
        pytest.skip(f"NOT PROVEN: no Python {version} here, and no container engine with it")


def carvings() -> dict[str, Answers]:
    """Name everything, nothing, each option alone, off or added, and pairs by the seed."""
    alone: dict[str, Answers] = {f"only {name}": {**NOTHING, name: True} for name in FEATURES}
    off: dict[str, Answers] = {f"without {name}": {name: False, **NOWHERE} for name in FEATURES}
    pairs = {f"pairs {n}": one for n, one in enumerate(pairwise(seed(), MEETING), 1)}
    added: dict[str, Answers] = {f"with {name}": {name: True, **NOWHERE} for name in EXTRAS}
    everything: Answers = dict.fromkeys(EXTRAS, True)
    return {"everything": everything, "nothing": NOTHING, **alone, **off, **added, **pairs}


def turn(name: str) -> bool:
    """Return whether a carving is run this time: always the two ends, of the others one in four."""
    if name in {"everything", "nothing"} or os.environ.get("PIPELINES") == "full":
        return True
    others = sorted(it for it in CARVINGS if it not in {"everything", "nothing"})
    Random(seed()).shuffle(others)  # noqa: S311 - nothing is kept secret by it
    share = 4 * int(os.environ.get("SHARE", "1"))
    return name in others[: math.ceil(len(others) / share)]


def python_of_this_run() -> str:
    """Choose one of the versions that are here, by the seed."""
    return Random(seed()).choice(available())  # noqa: S311 - nothing is kept secret by it


CARVINGS = carvings()


@pytest.mark.timeout(1800)  # the chassis's tests are many
@pytest.mark.parametrize("name", CARVINGS)
def test_a_carving_passes_its_own_pipeline_and_the_tests_of_its_chassis(
    name: str, shared: dict[str, str], passed: Passed, tmp_path: Path
) -> None:
    if not turn(name):
        pytest.skip(f"ROTATED: not in the share of seed {seed()}; PIPELINES=full runs it")
    python = python_of_this_run()
    answers = {**CARVINGS[name], "python_version": python, "_chassis_tests": True}
    carved = Carved.make(tmp_path, **answers)
    carved.run(uv(), "sync", "--quiet", **shared)
    carved.run("make", "lint", "types", **shared)
    strict = ("mypy", "--config-file", "chassis/pyproject.toml", "chassis")
    carved.run(uv(), "run", "--quiet", *strict, **shared)
    missing = passed.missing(carved.path)
    if missing:
        carved.run("make", "test", f"ARGS=-q {' '.join(missing)}", **shared)
    passed.note(missing)
    result = f"{len(missing)} of {len(list_test_files(carved.path))} test files, seed {seed()}"
    print(f"P1 {name}: {result}; {CARVINGS[name]}")  # noqa: T201 - the figure


def test_the_own_tests_ignore_the_environment_that_surrounds_them(
    shared: dict[str, str], tmp_path: Path
) -> None:
    carved = Carved.make(tmp_path)
    carved.run(uv(), "sync", "--quiet", **shared)
    documented = re.findall(
        r"^#([A-Z_]+)=", (carved.path / ".env.example").read_text(), re.MULTILINE
    )
    assert len(documented) > 50
    (carved.path / ".env").write_text("SERVER_PORT=none\nthis is no setting\n")
    carved.run(
        *("make", "test"),
        **dict.fromkeys(documented, 'awkward, "${value}'),
        **dict.fromkeys(("OTEL_EXPORTER_OTLP_ENDPOINT", "FORCE_COLOR", "PGHOST"), "awkward"),
        **dict.fromkeys(("HTTP_PROXY", "https_proxy", "ALL_PROXY"), "socks5://127.0.0.1:9"),
        NO_PROXY="",
        GIT_DIR="/nowhere",
        PYTHONPATH="/nowhere",
        PYTHONOPTIMIZE="1",
        ENVIRONMENT="production",
        PYTHONWARNINGS="error",
        LC_ALL="C",
        **shared,
    )


def has_image(image: str) -> bool:
    """Ask the engine, which pulls it if it can."""
    docker = shutil.which("docker")
    if docker is None:
        return False
    for command in ("image", "inspect"), ("pull",):
        ended = subprocess.run(
            [docker, *command, image], check=False, capture_output=True, timeout=300
        )
        if ended.returncode == 0:
            return True
    return False


def in_container(carved: Carved, image: str) -> None:
    """Run the tests in a container that has this Python, which has to get uv first."""
    copied = "cp -r /service /tmp/service && cd /tmp/service"  # it can keep its bytecode there
    installed = "pip install --quiet --root-user-action ignore uv"
    carved.run(
        *("docker", "run", "--rm", "--network=host", f"--volume={carved.path}:/service:ro"),
        *("--env=UV_PYTHON_DOWNLOADS=never", image),
        *("sh", "-c", f"{copied} && {installed} && uv run --quiet python -m pytest -q"),
    )
