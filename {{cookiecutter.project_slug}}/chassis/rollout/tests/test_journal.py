"""A journal tells what was written, or says that it does not know."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.rollout.errors import Interrupted
from chassis.rollout.journal import Damaged, Journal
from chassis.rollout.tests.world import World

if TYPE_CHECKING:
    from pathlib import Path

ENTRIES = [{"step": number, "text": f"é\n{number}"} for number in range(4)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    journal = Journal(tmp_path / "1.jsonl")
    for entry in ENTRIES:
        journal.append(entry)
    return journal.path


def test_what_was_written_is_read(path: Path) -> None:
    assert Journal(path).entries == ENTRIES


def test_a_last_line_torn_anywhere_is_reported_and_written_over(path: Path) -> None:
    content = path.read_bytes()
    last = content.splitlines(keepends=True)[-1]
    for length in range(1, len(last)):
        path.write_bytes(content[:-length])
        journal = Journal(path)
        assert journal.entries == ENTRIES[:-1]
        assert journal.torn == last[:-length]
        journal.append({"step": "again"})
        assert Journal(path).entries == [*ENTRIES[:-1], {"step": "again"}]


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_other_change_is_refused(path: Path, data: st.DataObject) -> None:
    content = path.read_bytes()
    place = data.draw(st.integers(0, len(content) - 2))  # without its end a line would be torn
    byte = data.draw(st.integers(0, 255).filter(lambda it: it != content[place]))
    changed = bytearray(content)
    changed[place] = byte
    other = path.with_name("2.jsonl")
    other.write_bytes(changed)
    with pytest.raises(Damaged, match=r"2\.jsonl:\d: the line is not as it was written"):
        Journal(other)


def test_a_line_that_is_gone_or_comes_twice_is_refused(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    for changed in (lines[:1] + lines[2:], lines[:2] + lines[1:], lines[1:]):
        path.write_bytes(b"".join(changed))
        with pytest.raises(Damaged):
            Journal(path)


class Full:
    """A disk with room for a few bytes."""

    def write(self, descriptor: int, data: bytes | memoryview[int]) -> int:
        if len(data) <= 10:
            raise OSError(28, "No space left on device")
        return os.write(descriptor, data[:10])

    def fsync(self, descriptor: int) -> None:
        os.fsync(descriptor)


def test_a_full_disk_leaves_the_journal_as_it_was(path: Path) -> None:
    content = path.read_bytes()
    journal = Journal(path, Full())
    with pytest.raises(Interrupted, match="cannot be written: No space left on device"):
        journal.append({"step": "x" * 100})
    assert path.read_bytes() == content
    assert journal.entries == ENTRIES


def test_a_damaged_journal_hides_no_other_and_is_never_taken_for_the_truth(tmp_path: Path) -> None:
    world = World(tmp_path)
    for release in ("one", "two", "three"):
        world.roll_out("blue-green", release)
    history = world.host().history
    path = history.paths()[1]
    path.write_bytes(path.read_bytes().replace(b"rolled", b"RULED", 1).replace(b"two", b"TWO", 1))
    legible = [getattr(it, "begun", None) is not None for it in history.all()]
    assert legible == [True, False, True]
    assert world.settled() == ["three"]
    path = history.paths()[-1]
    path.write_bytes(path.read_bytes().replace(b"three", b"THREE", 1))
    with pytest.raises(Damaged):
        world.roll_out("rolling", "four")
