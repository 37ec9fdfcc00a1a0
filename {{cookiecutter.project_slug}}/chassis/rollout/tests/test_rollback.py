"""Rollback to earlier releases, and what the history keeps for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chassis.rollout import operations
from chassis.rollout.errors import RefusedError

if TYPE_CHECKING:
    from chassis.rollout.tests.world import World


def test_a_rollback_after_an_automatic_one_names_what_serves_and_what_it_would_bring(
    world: World,
) -> None:
    world.roll_out("rolling", "new")
    world.roll_out("rolling", "unready")
    with pytest.raises(RefusedError) as refused:
        operations.roll_back(world.host(), None, "rollback")
    assert str(refused.value) == (
        "Rollout 3 was rolled back already: new (revision new) serves.\n"
        "To return to old (revision old) instead: python3 -m chassis.rollout rollback 1"
    )
    assert world.settled() == ["new"]
    assert operations.roll_back(world.host(), 1, "rollback 1") == 0
    assert world.settled() == ["old"]


def test_rollback_returns_to_the_release_before_without_migrating(world: World) -> None:
    world.roll_out("rolling", "new")
    world.done.clear()
    assert operations.roll_back(world.host(), None, "rollback") == 0
    assert world.settled() == ["old"]
    assert not [it for it in world.done if it.startswith("migrate")]


def test_a_second_rollback_is_refused_and_names_what_goes_further_back(world: World) -> None:
    for release in ("new", "newer"):
        world.roll_out("rolling", release)
    assert operations.roll_back(world.host(), None, "rollback") == 0
    with pytest.raises(RefusedError) as refused:
        operations.roll_back(world.host(), None, "rollback")
    assert str(refused.value) == (
        "Rollout 4 was a rollback: new (revision new) serves.\n"
        "To return to old (revision old) instead: python3 -m chassis.rollout rollback 1"
    )
    assert world.settled() == ["new"]
    assert operations.roll_back(world.host(), 1, "rollback 1") == 0
    assert world.settled() == ["old"]
    with pytest.raises(RefusedError, match=r"was a rollback: old \(revision old\) serves\.$"):
        operations.roll_back(world.host(), None, "rollback")


def test_rollback_names_the_rollout_that_it_cannot_find(world: World) -> None:
    with pytest.raises(RefusedError, match="no successful rollout before this one"):
        operations.roll_back(world.host(), None, "rollback")
    with pytest.raises(RefusedError, match="no successful rollout 7"):
        operations.roll_back(world.host(), 7, "rollback")


def test_the_history_keeps_as_many_as_it_should(world: World) -> None:
    for number in range(24):
        world.roll_out("blue-green", f"release-{number}")
    kept = [int(path.stem) for path in world.host().history.paths()]
    assert kept == list(range(6, 26))
    named = {f"sha256:release-{number}" for number in range(3, 24)}
    assert world.kept == named, (
        "the release that the oldest rollout may be rolled back to is kept too"
    )
