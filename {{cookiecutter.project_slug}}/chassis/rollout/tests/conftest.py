"""The host on which releases are rolled out, without containers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chassis.rollout import journal
from chassis.rollout.tests.world import DISK, World

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "os", DISK)
    monkeypatch.setattr(DISK, "simulated", None)


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A host with a release on it, to be copied."""
    world = World(tmp_path_factory.mktemp("origin"))
    world.roll_out("rolling", "old")
    assert world.settled() == ["old"]
    return world


@pytest.fixture
def world(origin: World, tmp_path: Path) -> World:
    return origin.copy(tmp_path / "copy")
