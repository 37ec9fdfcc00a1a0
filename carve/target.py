"""The target version of an update: the requested one, or the newest, never an older one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carve.refusal import Refusal
from carve.template import Template, running

if TYPE_CHECKING:
    from carve.record import Record
    from carve.source import Source


def choose_target(
    record: Record, source: Source | None, wanted: str | None
) -> tuple[Template, list[str]]:
    """Return the requested version, or else the newest, and notices about it.

    Raises:
        Refusal: the version is not in the source.

    """
    if source is None:
        if wanted:
            raise Refusal(
                f"{wanted}: the address of the template is unknown. Give --source ADDRESS."
            )
        return running(), []
    source.fetch()
    return (named(source, wanted), []) if wanted else newest(record, source)


def named(source: Source, wanted: str) -> Template:
    """Return the version that a tag, a branch or a commit names."""
    commit = source.commit(wanted)
    if not commit:
        known = ", ".join(source.releases()) or "no release yet"
        raise Refusal(f"{wanted}: is not a version of {source.address}. There is {known}.")
    return source.at(commit)


def newest(record: Record, source: Source) -> tuple[Template, list[str]]:
    """Return the newest release, or this program's version; the service's own, if newer."""
    releases = source.releases()
    bases = source.commits_with(record.raw_tree)
    if releases:
        name, commit = list(releases.items())[-1]
        target, commits = source.at(commit), [commit]
    else:
        target, commits = running(), source.commits_with(running().raw_tree)
        name = commits[0][:7] if commits else ""
    if target.raw_tree == record.raw_tree:
        return target, []
    is_newer = bases and all(any(source.contains(it, one) for one in commits) for it in bases)
    if not is_newer:
        return target, []
    return source.at(bases[0]), [
        f"this service is newer than {name}. To go back, run: carve update --to {name}"
    ]
