"""All rollouts there were: a journal each, numbered; what should be there now is in the last."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chassis.rollout.errors import Refused
from chassis.rollout.fleet import Fleet
from chassis.rollout.journal import Damaged, Journal
from chassis.rollout.records import Misfits
from chassis.rollout.rollout import Rollout

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from chassis.rollout.events import Begun
    from chassis.rollout.journal import Disk


@dataclass(frozen=True)
class Illegible:
    """A journal that cannot be trusted."""

    path: Path
    reason: str


class History:
    """The journals in a folder."""

    def __init__(self, folder: Path, most: int, disk: Disk = os) -> None:
        """Keep `most` of them."""
        self.disk = disk
        self.folder = folder
        self.most = most

    def paths(self) -> list[Path]:
        """Give the journals, the oldest first."""
        return sorted(self.folder.glob("*.jsonl"), key=lambda path: int(path.stem))

    def latest(self) -> Rollout | None:
        """Read the last rollout that has begun. Raises Damaged rather than take an older one."""
        for path in reversed(self.paths()):
            journal = Journal(path, self.disk)
            if journal.entries:  # without one, the first line was torn: nothing had been done yet
                return _rollout(journal)
        return None

    def all(self) -> Iterator[Rollout | Illegible]:
        """Read every rollout, the oldest first; one that is damaged does not hide the others."""
        for path in self.paths():
            try:
                journal = Journal(path, self.disk)
                if journal.entries:
                    yield _rollout(journal)
                else:
                    yield Illegible(path, "its first line is torn: nothing had been done yet")
            except Damaged as error:
                yield Illegible(path, str(error))

    def fleet(self) -> Fleet:
        """Tell what should be there now."""
        latest = self.latest()
        return latest.fleet if latest else Fleet()

    def begin(self, begun: Begun) -> Rollout:
        """Begin a rollout; let go of the journals that are one too many."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{begun.number}.jsonl"
        rollout = Rollout(Journal(path, self.disk))
        rollout.record(begun)
        for old in self.paths()[: -self.most]:
            old.unlink()
        return rollout

    def digests(self) -> set[str] | None:
        """Name the content of every release that a rollout leads to or back to.

        None if a journal is illegible: nobody knows what that one needs.
        """
        found: set[str] = set()
        for rollout in self.all():
            if isinstance(rollout, Illegible):
                return None
            there = (*rollout.begun.fleet.instances, *rollout.fleet.instances)
            found |= {it.release.digest for it in there}
            found |= {rollout.release.digest} if rollout.release else set()
        return found

    def next_number(self) -> int:
        """Number the next rollout; the number of one that never began is used again."""
        latest = self.latest()
        return latest.begun.number + 1 if latest else 1

    def before(self, number: int | None) -> Rollout:
        """Find the rollout to go back to: the one named, or the last that brought another release.

        Raises Refused if there is none.
        """
        good = [it for it in self.all() if isinstance(it, Rollout) and it.brought]
        if number is not None:
            good = [it for it in good if it.begun.number == number]
        else:
            live = {it.release.digest for it in self.fleet().instances}
            good = [it for it in _lineage(good) if it.release and it.release.digest not in live]
        if not good:
            raise Refused(
                f"{self.folder}: no rollout {number or 'before this one'} that ended well is "
                "recorded. See: python3 -m chassis.rollout history"
            )
        return good[-1]


def _lineage(good: Iterable[Rollout]) -> list[Rollout]:
    """Leave out what was gone back from: the way back does not lead there again."""
    line: list[Rollout] = []
    for rollout in good:
        digests = [it.release and it.release.digest for it in line]
        digest = rollout.release and rollout.release.digest
        if digest in digests:
            del line[digests.index(digest) :]
        line.append(rollout)
    return line


def _rollout(journal: Journal) -> Rollout:
    try:
        return Rollout(journal)
    except Misfits as misfits:
        raise Damaged(f"{misfits} Was it written by another version of deploy/?") from misfits
