"""The rollouts of this host: a numbered journal each; the last one holds the expected fleet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chassis.rollout.errors import TOOL, RefusedError
from chassis.rollout.fleet import Fleet, Release
from chassis.rollout.journal import DamagedJournalError, Journal
from chassis.rollout.rollout import Rollout

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from chassis.rollout.events import Begun


TORN = "its first line is torn: nothing was changed yet"


@dataclass(frozen=True)
class DamagedRollout:
    """A rollout whose journal cannot be read."""

    path: Path
    reason: str


@dataclass(frozen=True)
class History:
    """The journals in a folder."""

    folder: Path
    limit: int
    """Most journals that are kept."""

    def paths(self) -> list[Path]:
        """List the journals, the oldest first."""
        return sorted(self.folder.glob("*.jsonl"), key=lambda path: int(path.stem))

    def latest(self) -> Rollout | None:
        """Read the last rollout that has begun. Raises DamagedJournalError rather than skip it."""
        for path in reversed(self.paths()):
            if rollout := _read(path):
                return rollout
        return None

    def all(self) -> Iterator[Rollout | DamagedRollout]:
        """Read every rollout, the oldest first; a damaged journal does not hide the others."""
        for path in self.paths():
            try:
                yield _read(path) or DamagedRollout(path, TORN)
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
        rollout = Rollout(Journal(path))
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


def _read(path: Path) -> Rollout | None:
    """Read a rollout; None if only a torn line was written, before anything was changed."""
    journal = Journal(path)
    try:
        return Rollout(journal) if journal.entries else None
    except RefusedError as error:
        raise DamagedJournalError(
            f"{error} Was it written by another version of the tool?"
        ) from error
