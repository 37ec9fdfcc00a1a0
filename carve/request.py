"""The text of a pull or merge request for a change, in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carve.notes import BY_HAND
from carve.report import mark, table, title

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carve.update import Outcome

RESOLVE = (
    "make update",
    "make carve ARGS=continue",
    'git commit --message "Update from the template"',
    "git push --force origin HEAD:update-template",
)
"""Commands that resolve the conflicts locally; the files are listed after the first one."""


def describe(outcome: Outcome) -> Iterator[str]:
    """Yield its lines: conflicts first, then the notes, then what changes."""
    yield f"Template: {title(outcome)}"
    yield from ("", *(f"- {it}" for it in outcome.notices))
    if outcome.conflicts:
        yield from ("", "### Do not merge: conflicts", "")
        yield "This branch has both sides of each conflict, between markers, in:"
        yield from ("", *(f"- `{it}`" for it in outcome.conflicts), "")
        yield "To resolve them, run on a new branch that starts at the main one:"
        first, *others = RESOLVE
        files = [f"git mergetool {it}" for it in outcome.conflicts]
        yield from ("", "```console", first, *files, *others, "```")
    for heading, wanted in (("New", False), ("To do by hand", True)):
        chosen = [it for it in outcome.entries if (it.section == BY_HAND) is wanted]
        yield from ("", f"### {heading}", "") if chosen else ()
        yield from (mark(it) for it in chosen)
    yield from ("", "### Changes", "", "```", *table(outcome.changes, whole=False), "```")
