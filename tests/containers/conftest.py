"""One stack with everything on for all tests, and a loud word where no engine answers."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.containers.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator

MISSING = "NOT PROVEN: no container engine answers, with compose and buildx"
NEEDED = (["docker", "version"], ["docker", "compose", "version"], ["docker", "buildx", "version"])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is in this folder."""
    for item in items:
        if "containers" in item.path.parts:
            item.add_marker(pytest.mark.containers)


@pytest.fixture(scope="session", autouse=True)
def engine() -> None:
    """Skip where no engine answers."""
    for command in NEEDED:
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=30)
        except (OSError, subprocess.SubprocessError):
            pytest.skip(MISSING)


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Every feature on, up."""
    with Stack.carve(tmp_path_factory.mktemp("everything")).up() as stack:
        yield stack
