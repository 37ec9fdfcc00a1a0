"""Prints the status of a service: version, answers, changed files, newer versions."""

from __future__ import annotations

import json
import re
from pathlib import Path
from runpy import run_path
from tempfile import TemporaryDirectory
from textwrap import fill
from typing import TYPE_CHECKING, Any

from carve import notes, report
from carve.answers import say
from carve.base import candidates, carve_both, source_of
from carve.commands import open_service
from carve.journal import Journal
from carve.merge import Merge
from carve.refusal import Refusal
from carve.repository import Repository
from carve.template import running

if TYPE_CHECKING:
    from argparse import Namespace

    from carve.record import Record
    from carve.service import Service
    from carve.source import Source

NO_CHASSIS = (
    "chassis/digest.py: is not there. Run: git checkout -- chassis"
    " (in a sparse checkout: git sparse-checkout add chassis)"
)


def status(given: Namespace) -> int:
    """Print it; return 1 if the chassis was changed, a change is pending, or a fix is missing."""
    service, record = open_service()
    source = source_of(record, given.source)
    found: dict[str, Any] = {
        "version": record.version,
        "raw_tree": record.raw_tree,
        "source": record.source,
        "answers": record.answers,
        "own": record.own,
        "chassis": chassis(service.folder, record),
        "unfinished": unfinished(service),
        "changed": changed(service, record, source),
        "newer": newer(record, source),
    }
    if given.json:
        report.say(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        report.say(*describe(found))
    missed = any(it["security"] for it in found["newer"] or [])
    return int(bool(found["chassis"] or found["unfinished"] or missed))


def chassis(folder: Path, record: Record) -> list[str]:
    """List what differs in the chassis; the service's own program compares it."""
    if not (folder / "chassis" / "digest.py").is_file():
        raise Refusal(NO_CHASSIS)
    compare = run_path(str(folder / "chassis" / "digest.py"))["differences"]
    return [f"chassis/{line}" for line in compare(folder / "chassis", record.content)]


def unfinished(service: Service) -> bool:
    """Return whether a change waits to be continued or aborted."""
    journal = Journal(service)
    return journal.exists and not journal.content["done"]


def changed(service: Service, record: Record, source: Source | None) -> list[str] | None:
    """List the files that the team changed, committed or not, if the base is available.

    While a change is not finished, that is what was committed before it.
    """
    if not candidates(record, source, fetch=False):
        return None
    with TemporaryDirectory(prefix="carve-") as made:
        folder = Path(made).resolve()
        old, _ = carve_both(record, source, None, lambda _: record.answers, folder)
        apart = Repository(folder / "merge", service.git)
        now = service.tree if unfinished(service) else apart.work_tree(service)
        trees = apart.tree(old.folder), apart.without_record(now)
        return Merge(apart, record).changed_by_team(*trees, chassis=False)


def newer(record: Record, source: Source | None) -> list[dict[str, Any]] | None:
    """List the versions that are newer, as far as that is known without a network."""
    if running().raw_tree == record.raw_tree or number(running().version) < number(record.version):
        return []
    base = candidates(record, source, fetch=False)
    if not base:
        return None
    fresh = notes.between(base[0].changelog, running().changelog)
    fresh = [it for it in fresh if it.concerns(record.answers)]
    versions = list(dict.fromkeys(it.version for it in fresh)) or [running().version]
    return [
        {
            "version": version,
            "security": any(it.section == notes.SECURITY for it in fresh if it.version == version),
        }
        for version in versions
    ]


def number(version: str) -> tuple[int, ...]:
    """Return what versions are ordered by."""
    return tuple(int(it) for it in re.findall(r"\d+", version))


def describe(found: dict[str, Any]) -> list[str]:
    """Format it for people."""
    answers = ", ".join(f"{name}={say(it)}" for name, it in found["answers"].items())
    rows = [
        f"version  {report.name(found)}",
        f"source   {found['source'] or 'not recorded'}",
        fill(answers, 100, initial_indent="answers  ", subsequent_indent=" " * 9),
    ]
    if not found["unfinished"]:
        rows.append(f"chassis  {'changed, see: make lint' if found['chassis'] else 'as carved'}")
        rows += [f"  {it}" for it in found["chassis"]]
    rows += [f"own      {it}" for it in found["own"]]
    if found["unfinished"]:
        rows.append("change   not finished. Run: carve continue, or: carve abort")
    if found["newer"] is None:
        rows.append("newer    unknown: the template was not fetched. Run: carve update --dry-run")
    for one in found["newer"] or []:
        rows.append(
            f"newer    {one['version']}{', fixes a security fault' if one['security'] else ''}"
        )
    if found["changed"] is not None:
        rows.append(f"changed  {len(found['changed'])} files by the team")
        rows += [f"  {it}" for it in found["changed"]]
    return rows
