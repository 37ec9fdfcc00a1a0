"""Applies the changes of a merge to the work tree and the index, so that they can be undone."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from carve.git import Git, joined
from carve.journal import Journal, remove, step
from carve.record import NAME
from carve.refusal import Refusal, explain

if TYPE_CHECKING:
    from carve.merge import Change
    from carve.service import Service

REGENERATED = ("docs/settings.md", ".env.example", "uv.lock")
"""Files that are generated again after the merge."""


def apply(service: Service, scratch: Git, changes: list[Change], record: str) -> Journal:
    """Apply the changes; the record stays unchanged while there is a conflict."""
    copy_objects(scratch, service.git, changes)
    journal = Journal(service)
    paths = sorted({NAME, *REGENERATED, *(it.path for it in changes)})
    conflicts = [it.path for it in changes if it.how == "conflict"]
    try:
        journal.begin(paths, record=record, conflicts=conflicts, done=False)
    except OSError:
        journal.end()
        raise
    try:
        service.check_ready()  # nobody edited a file while the carvings were made
        write(service, journal, changes)
        if not conflicts:
            write_record(service, record)
    except (OSError, Refusal, KeyboardInterrupt) as error:
        journal.take_back()
        raise Refusal(f"{explain(error)} Everything was restored as it was before.") from None
    journal.note(done=not conflicts)
    return journal


def write(service: Service, journal: Journal, changes: list[Change]) -> None:
    """Write the files, then the index."""
    new = journal.folder / "index.new"
    shutil.copy2(journal.index, new)
    index = Git(service.folder, {"GIT_INDEX_FILE": str(new)})
    stage(service, index, changes)
    for change in changes:
        step()
        if change.entry is None:
            remove(service.folder, change.path)
    there = [it.path for it in changes if it.entry]
    index("checkout-index", "--force", "--index", "-z", "--stdin", given=joined(there))
    step()
    unmerge(service, index, changes)
    step()
    swap(journal)
    journal.note(applied=True)
    step()


def copy_objects(scratch: Git, service: Git, changes: list[Change]) -> None:
    """Copy the objects of the changes; git removes unreferenced ones."""
    entries = [it for change in changes for it in (change.entry, *change.stages.values()) if it]
    wanted = "".join(f"{identity}\n" for _, identity in entries)
    pack = scratch.run("pack-objects", "--stdout", "--quiet", given=wanted.encode()).stdout
    service("unpack-objects", "-q", given=pack)


def stage(service: Service, index: Git, changes: list[Change]) -> None:
    """Add the resulting files to the index."""
    nothing = "0" * len(service.head)
    rows = [f"0 {nothing}\t{service.prefix}{it.path}" for it in changes]
    rows += [f"{' '.join(it.entry)}\t{service.prefix}{it.path}" for it in changes if it.entry]
    index("update-index", "-z", "--index-info", given=joined(rows))


def unmerge(service: Service, index: Git, changes: list[Change]) -> None:
    """Mark conflicts in the index, as git's own merges do."""
    rows = []
    for change in changes:
        path = service.prefix + change.path
        rows += [f"0 {'0' * len(service.head)}\t{path}"] if change.stages else []
        stages = sorted(change.stages.items())
        rows += [f"{mode} {identity} {number}\t{path}" for number, (mode, identity) in stages]
    index("update-index", "-z", "--index-info", given=joined(rows))


def swap(journal: Journal) -> None:
    """Replace the index, as git does: the process that creates the lock may write it."""
    lock = journal.index.with_name("index.lock")
    try:
        os.link(journal.folder / "index.new", lock)
    except FileExistsError:
        raise Refusal(f"{lock}: another git is running. Wait until it has ended.") from None
    step()
    os.replace(lock, journal.index)  # noqa: PTH105 - what it says


def write_record(service: Service, record: str) -> None:
    """Write the record, the new baseline."""
    (service.folder / NAME).write_bytes(record.encode())
    service.git("add", "--", NAME)
