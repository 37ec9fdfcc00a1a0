"""A journal returns what was written, or says that it is damaged."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.rollout.errors import UnfinishedError
from chassis.rollout.history import History
from chassis.rollout.journal import DamagedJournalError, Journal
from chassis.rollout.tests.world import DISK, World

ENTRIES = [{"step": number, "text": f"é\n{number}"} for number in range(4)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    journal = Journal(tmp_path / "1.jsonl")
    for entry in ENTRIES:
        journal.append(entry)
    return journal.path


def test_what_was_written_is_read(path: Path) -> None:
    assert Journal(path).entries == ENTRIES


def test_a_torn_last_line_is_reported_and_overwritten(path: Path) -> None:
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
    with pytest.raises(DamagedJournalError, match=r"2\.jsonl:\d: the line does not match"):
        Journal(other)


def test_a_missing_or_repeated_line_is_refused(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    for changed in (lines[:1] + lines[2:], lines[:2] + lines[1:], lines[1:]):
        path.write_bytes(b"".join(changed))
        with pytest.raises(DamagedJournalError):
            Journal(path)


def test_a_journal_of_an_earlier_version_is_still_read(tmp_path: Path) -> None:
    """A host keeps its journals when the service, and with it the tool, is updated."""
    shutil.copy(Path(__file__).with_name("earlier_version.jsonl"), tmp_path / "2.jsonl")
    latest = History(tmp_path, 20).latest()
    assert latest
    assert latest.succeeded
    assert [it.name for it in latest.fleet.instances] == ["green-2-1"]
    assert latest.readings[0].gate == "restarts"


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
    journal = Journal(path)
    DISK.simulated = Full()
    with pytest.raises(UnfinishedError, match="cannot be written: No space left on device"):
        journal.append({"step": "x" * 100})
    assert path.read_bytes() == content
    assert journal.entries == ENTRIES


def test_a_damaged_journal_hides_no_other_and_is_never_trusted(tmp_path: Path) -> None:
    world = World(tmp_path)
    for release in ("one", "two", "three"):
        world.roll_out("blue-green", release)
    history = world.host().history
    path = history.paths()[1]
    path.write_bytes(path.read_bytes().replace(b"rolled", b"RULED", 1).replace(b"two", b"TWO", 1))
    readable = [getattr(it, "begun", None) is not None for it in history.all()]
    assert readable == [True, False, True]
    assert world.settled() == ["three"]
    path = history.paths()[-1]
    path.write_bytes(path.read_bytes().replace(b"three", b"THREE", 1))
    with pytest.raises(DamagedJournalError):
        world.roll_out("rolling", "four")
