"""The rollouts of this host: a numbered journal each; the last one holds the expected fleet."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chassis.rollout.errors import TOOL, RefusedError
from chassis.rollout.fleet import Fleet
from chassis.rollout.journal import DamagedJournalError, Journal
from chassis.rollout.records import InvalidRecordError
from chassis.rollout.rollout import Rollout

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from chassis.rollout.events import Begun
    from chassis.rollout.fleet import Release
    from chassis.rollout.journal import Disk


@dataclass(frozen=True)
class DamagedRollout:
    """A rollout whose journal cannot be read."""

    path: Path
    reason: str


class History:
    """The journals in a folder."""

    def __init__(self, folder: Path, limit: int, disk: Disk = os) -> None:
        """Keep at most `limit` of them."""
        self.disk = disk
        self.folder = folder
        self.limit = limit

    def paths(self) -> list[Path]:
        """List the journals, the oldest first."""
        return sorted(self.folder.glob("*.jsonl"), key=lambda path: int(path.stem))

    def latest(self) -> Rollout | None:
        """Read the last rollout that has begun. Raises DamagedJournalError rather than skip it."""
        for path in reversed(self.paths()):
            journal = Journal(path, self.disk)
            if journal.entries:  # without one, the first line is torn: nothing was changed yet
                return _replay(journal)
        return None

    def all(self) -> Iterator[Rollout | DamagedRollout]:
        """Read every rollout, the oldest first; a damaged journal does not hide the others."""
        for path in self.paths():
            try:
                journal = Journal(path, self.disk)
                if journal.entries:
                    yield _replay(journal)
                else:
                    yield DamagedRollout(path, "its first line is torn: nothing was changed yet")
            except DamagedJournalError as error:
                yield DamagedRollout(path, str(error))

    def expected_fleet(self) -> Fleet:
        """Return what should run now, and the traffic between it."""
        latest = self.latest()
        return latest.fleet if latest else Fleet()

    def begin(self, begun: Begun) -> Rollout:
        """Begin a rollout; delete the oldest journals beyond the limit."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{begun.number}.jsonl"
        rollout = Rollout(Journal(path, self.disk))
        rollout.record(begun)
        for old in self.paths()[: -self.limit]:
            old.unlink()
            old.with_suffix(".log").unlink(missing_ok=True)
        return rollout

    def referenced_digests(self) -> set[str] | None:
        """Collect the digests of every release that a rollout can lead or return to.

        None if a journal is damaged, because its references are unknown.
        """
        found: set[str] = set()
        for rollout in self.all():
            if isinstance(rollout, DamagedRollout):
                return None
            instances = (*rollout.begun.fleet.instances, *rollout.fleet.instances)
            found |= {it.release.digest for it in instances}
            found |= {rollout.release.digest} if rollout.release else set()
        return found

    def next_number(self) -> int:
        """Return the number of the next rollout; that of a rollout that never began is reused."""
        latest = self.latest()
        return latest.begun.number + 1 if latest else 1

    def rollback_target(self, number: int | None) -> tuple[int, Release]:
        """Find the rollout to return to: that number, or the last one of another release.

        Raises RefusedError if there is none.
        """
        ended = [it for it in self.all() if isinstance(it, Rollout) and it.succeeded]
        good = [(it.begun.number, it.release) for it in ended if it.release]
        if number is not None:
            good = [it for it in good if it[0] == number]
        else:
            live = {it.release.digest for it in self.expected_fleet().instances}
            good = [it for it in _drop_rolled_back(good) if it[1].digest not in live]
        if not good:
            raise RefusedError(
                f"{self.folder} records no successful rollout {number or 'before this one'}.\n"
                f"List them: {TOOL} history"
            )
        return good[-1]


def _drop_rolled_back(good: Iterable[tuple[int, Release]]) -> list[tuple[int, Release]]:
    """Skip releases that were rolled back: a second rollback goes further back."""
    line: list[tuple[int, Release]] = []
    for number, release in good:
        digests = [it.digest for _, it in line]
        if release.digest in digests:
            del line[digests.index(release.digest) :]
        line.append((number, release))
    return line


def _replay(journal: Journal) -> Rollout:
    try:
        return Rollout(journal)
    except InvalidRecordError as error:
        raise DamagedJournalError(
            f"{error} Was it written by another version of the tool?"
        ) from error
