"""Options of a test run: where it notes promises, and which share of the proofs it takes."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.promises import Notes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lives import Life
    from tests.versions import Kept

ROOT = Path(__file__).parent
SLOW = ("proofs", "containers", "rollouts", "page/")
"""Folders whose modules take turns where SHARE says so."""
EVERY_TIME = ("proofs/test_services.py", "proofs/test_own_tests.py")
"""Run each time; the latter has turns of its own."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--promises", type=Path, help="folder in which to note what each test did")


def pytest_configure(config: pytest.Config) -> None:
    folder = config.getoption("--promises")
    if folder and not hasattr(config, "workerinput"):  # the workers of xdist tell the first process
        config.pluginmanager.register(Notes(folder))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the slow modules whose turn it is not."""
    modules = sorted({item.path.relative_to(ROOT).as_posix() for item in items})
    left_out = {name for name in modules if not is_its_turn(name)}
    if left_out:
        kept = [it for it in items if it.path.relative_to(ROOT).as_posix() not in left_out]
        dropped = [it for it in items if it.path.relative_to(ROOT).as_posix() in left_out]
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept


def seed() -> str:
    """Give SEED, or the day."""
    return os.environ.get("SEED") or datetime.now(UTC).date().isoformat()


def pytest_report_header() -> str | None:
    """Say which share is run."""
    share = os.environ.get("SHARE", "1")
    return None if share == "1" else f"rotated: one slow module in {share}, seed {seed()}"


def is_its_turn(module: str) -> bool:
    """Return whether a module is run: of the slow ones, one in SHARE, chosen by the seed.

    In SHARE days that follow one another, each has its turn.
    """
    share = int(os.environ.get("SHARE", "1"))
    if share == 1 or module in EVERY_TIME or not module.startswith(SLOW):
        return True
    try:
        number = date.fromisoformat(seed()).toordinal()
    except ValueError:
        number = numbered(seed())
    return numbered(module) % share == number % share


def numbered(text: str) -> int:
    """Turn a text into a number, the same in every run."""
    return int(sha256(text.encode()).hexdigest(), 16)


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of the template with made-up versions."""
    from tests.versions import make_repository  # noqa: PLC0415 - few tests need it

    return make_repository(tmp_path_factory.mktemp("source") / "template")


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Carvings that were made already."""
    from tests.versions import Kept  # noqa: PLC0415 - few tests need it

    return Kept(tmp_path_factory.mktemp("kept"))


@pytest.fixture
def versions(
    source: Path,
    kept: Kept,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, Path]:
    """The folders of the made-up versions; the program that runs is of the newest."""
    from carve.source import Source  # noqa: PLC0415 - few tests need it

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
    monkeypatch.setattr("carve.base.carve_all", kept.carve_all)
    repository = Source(str(source))
    commits = {tag: repository.commit(tag) for tag in ("v0.1.0", "between", "v0.2.0", "v0.3.0")}
    found = {tag: repository.at(commit).folder for tag, commit in commits.items() if commit}
    monkeypatch.setattr("carve.template.PACKAGED", source)
    return found


@pytest.fixture
def carve(versions: dict[str, Path], kept: Kept, tmp_path: Path) -> Callable[..., Life]:
    """Carve a service of a made-up version into a repository."""
    from tests.lives import Life, answers  # noqa: PLC0415 - few tests need it

    def carve(version: str = "v0.1.0", *, name: str = "orders", **given: object) -> Life:
        return Life(kept.carve(versions[version], answers(**given)), tmp_path / name)

    return carve
