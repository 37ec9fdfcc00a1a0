"""The commands that end a change: continue after conflicts are resolved, or abort."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from carve import after, report
from carve.apply import write_record
from carve.journal import Journal, alone
from carve.record import NAME, find_service
from carve.refusal import Refusal
from carve.service import Service

if TYPE_CHECKING:
    from argparse import Namespace

MARKERS = (b"<<<<<<< ", b">>>>>>> ")


def resume(given: Namespace) -> int:
    """Finish a change whose conflicts were resolved."""
    del given
    service = Service(find_service(Path.cwd()))
    with alone(service):
        remaining = complete(service)
    report.say(f"{NAME} is up to date.", *report.next_steps(remaining))
    return 0


def complete(service: Service) -> list[str]:
    """Move the baseline; return the commands that remain to be run."""
    journal = Journal(service)
    if not journal.exists or journal.content["done"]:
        raise Refusal("Nothing to continue: no change has conflicts to resolve.")
    content = journal.content
    if not content.get("applied"):
        raise Refusal("The change was interrupted. Run: carve abort, then start it again.")
    unmerged = set(service.git("diff", "--name-only", "--relative", "--diff-filter=U").splitlines())
    for path in content["conflicts"]:
        if path in unmerged or has_markers(service.folder / path):
            raise Refusal(f"{path}: has a conflict. Resolve it, and run: git add {path}")
    write_record(service, content["record"])
    journal.note(done=True)
    return after.finish(service, set(content["paths"]))


def has_markers(path: Path) -> bool:
    """Return whether a file still has conflict markers."""
    return path.is_file() and any(
        line.startswith(MARKERS) for line in path.read_bytes().splitlines()
    )


def abort(given: Namespace) -> int:
    """Restore what was there before."""
    del given
    service = Service(Path.cwd())  # the record may be gone for now
    with alone(service):
        Journal(service).take_back()
    report.say("Everything is as it was before.")
    return 0
