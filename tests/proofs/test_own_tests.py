"""Each carving passes what it brings itself: style, types and tests, on every Python offered.

The longest come first, so that no worker is left with one in the end.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.proofs.carved import TEMPLATE, Carved, clean, uv

QUESTIONS = json.loads((TEMPLATE / "cookiecutter.json").read_text())
FEATURES = [name for name, answer in QUESTIONS.items() if isinstance(answer, bool)]
NOWHERE = {"ci": "none", "deployment": "none"}
NOTHING: dict[str, bool | str] = {**dict.fromkeys(FEATURES, False), **NOWHERE}
CONTAINER = "python:{}-slim"


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment that one carving of a worker leaves to the next.

    `uv sync` takes out what the next one has not; types are checked anew where anything changed.
    """
    folder = tmp_path_factory.mktemp("shared")
    return {
        "UV_PROJECT_ENVIRONMENT": str(folder / "environment"),
        "MYPY_CACHE_DIR": str(folder / "types"),
    }


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Carved:
    """What the pipeline of everything runs on."""
    return Carved.make(tmp_path_factory.mktemp("whole"), python_version=available()[0])


@pytest.mark.parametrize("version", QUESTIONS["python_version"])
def test_the_service_passes_its_tests_on_every_other_python_offered(
    version: str, tmp_path: Path
) -> None:
    if version == available()[0]:
        pytest.skip("the pipeline of everything ran on it")
    carved = Carved.make(tmp_path, python_version=version)
    if version in available():
        carved.run("make", "test")
    elif has_image(CONTAINER.format(version)):
        in_container(carved, CONTAINER.format(version))
    else:
        pytest.skip(f"NOT PROVEN: no Python {version} here, and no container engine with it")


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({}, id="everything"),
        pytest.param({"ci": "gitlab", "deployment": "kubernetes"}, id="elsewhere"),
        *(pytest.param({name: False, **NOWHERE}, id=f"without {name}") for name in FEATURES),
        pytest.param(NOTHING, id="nothing"),
    ],
)
def test_a_carving_passes_its_own_pipeline(
    answers: dict[str, bool | str], shared: dict[str, str], whole: Carved, tmp_path: Path
) -> None:
    carved = Carved.make(tmp_path, **answers, python_version=available()[0])
    stages = ("make", "ci", "STAGES=lint types test")
    if answers in ({}, NOTHING):  # the two ends, as on a user's machine: nothing is there before
        carved.run(*stages)
    else:
        carved.run(uv(), "sync", "--quiet", **shared)
        carved.run(*stages, f"ARGS={to_be_tested(carved, whole)}", **shared)


def test_the_own_tests_ignore_the_environment_that_surrounds_them(
    shared: dict[str, str], tmp_path: Path
) -> None:
    carved = Carved.make(tmp_path, python_version=available()[0])
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


def test_the_examples_can_be_removed_as_the_readme_says(
    shared: dict[str, str], tmp_path: Path
) -> None:
    carved = Carved.make(tmp_path, python_version=available()[0])
    for example in "greetings", "notes", "quotes":
        shutil.rmtree(carved.path / "app" / example)
    (migration,) = carved.path.glob("app/migrations/*_create_notes.py")
    migration.unlink()
    mine = re.compile(r"(GREETINGS|NOTES|QUOTES)_|[. ](greetings|notes|quotes|outbound_quotes)[: ]")
    files = ("app/main.py", "compose/blueprints.yaml", "tests/test_service.py")
    for name in (*files, "README.md", ".env.example"):
        lines = (carved.path / name).read_text().splitlines(keepends=True)
        gone = {i for i, line in enumerate(lines) if mine.search(line)}
        gone |= {i - 1 for i in gone if name == ".env.example"}  # its meaning
        (carved.path / name).write_text("".join(x for i, x in enumerate(lines) if i not in gone))
    carved.run(uv(), "sync", "--quiet", **shared)
    carved.run("make", "lint", "types", **shared)
    carved.run("make", "test", "ARGS=tests chassis/database", **shared)


def to_be_tested(carved: Carved, whole: Carved) -> str:
    """Name what is to be tested: nothing, for all, or all but an app that has passed elsewhere.

    Byte for byte the same, with the same dependencies, it passed in the pipeline of everything.
    """
    one, other = (application(service) for service in (carved, whole))
    paths = project(carved)["tool"]["pytest"]["ini_options"]["testpaths"]
    return " ".join(path for path in paths if path != "app") if one == other else ""


def application(service: Carved) -> dict[str, Any]:
    """Read what the tests in `app` load; compose files are for containers alone."""
    root = service.path
    files = [path for path in root.glob("app/**/*") if path.is_file()]
    files += [root / "conftest.py", *root.glob("tests/[!t]*.py")]  # all but the tests
    read = {str(path.relative_to(root)): path.read_bytes() for path in files}
    told = {name: text for name, text in read.items() if not name.endswith("compose.yaml")}
    return {**told, "dependencies": project(service)["project"]["dependencies"]}


def project(service: Carved) -> dict[str, Any]:
    """Read its pyproject.toml."""
    return tomllib.loads((service.path / "pyproject.toml").read_text())


@cache
def available() -> list[str]:
    """Versions whose interpreter is on this machine, the template's favourite first."""
    return [version for version in QUESTIONS["python_version"] if has_interpreter(version)]


def has_interpreter(version: str) -> bool:
    """Ask uv, as a service with this answer would; it must not download one."""
    with TemporaryDirectory() as folder:
        Path(folder, ".python-version").write_text(version)
        command = [uv(), "python", "find", "--no-python-downloads"]
        found = subprocess.run(command, check=False, capture_output=True, cwd=folder, env=clean())
    return found.returncode == 0


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
    """Run the tests in a container that has this Python, with packages installed by pip."""
    told = project(carved)
    requirements = told["project"]["dependencies"] + told["dependency-groups"]["dev"]
    copied = "cp -r /service /tmp/service && cd /tmp/service"  # it can keep its bytecode there
    installed = 'pip install --quiet --root-user-action ignore "$@"'
    carved.run(
        *("docker", "run", "--rm", "--network=host", f"--volume={carved.path}:/service:ro"),
        *(image, "sh", "-c", f"{copied} && {installed} && python -m pytest -q"),
        *("sh", *requirements),
    )
