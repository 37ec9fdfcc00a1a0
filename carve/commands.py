"""The commands, each of which returns its exit code."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carve import report, request
from carve.answers import carry_over, change, switch
from carve.base import source_of
from carve.record import NAME, Record, find_service
from carve.refusal import Refusal
from carve.service import Service
from carve.target import choose_target
from carve.update import change as change_service

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from carve.source import Source
    from carve.template import Template


def open_service() -> tuple[Service, Record]:
    """Find the service of the current folder."""
    folder = find_service(Path.cwd())
    return Service(folder), Record.read(folder)


def update(given: Namespace) -> int:
    """Update the service to a later version."""
    service, record = open_service()
    source = source_of(record, given.source)
    target, said = choose_target(record, source, given.to)
    answers, notices = carry_over(target, record.answers, given.answers)
    return run(service, record, source, target, lambda _: answers, given, said + notices)


def add(given: Namespace) -> int:
    """Turn options on."""
    return other_answers(given, partial(switch, options=given.options, on=True))


def remove(given: Namespace) -> int:
    """Turn options off."""
    return other_answers(given, partial(switch, options=given.options, on=False))


def change_answers(given: Namespace) -> int:
    """Change answers."""
    service, record = open_service()
    answer = lambda template: change(template, record.answers, given.answers)  # noqa: E731
    return run(service, record, source_of(record, given.source), None, answer, given, [])


def other_answers(given: Namespace, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> int:
    """Carve the same version with other answers."""
    service, record = open_service()
    answers = answer(record.answers)
    source = source_of(record, given.source)
    return run(service, record, source, None, lambda _: answers, given, [])


def run(  # noqa: PLR0913, PLR0917 - what a change is made of
    service: Service,
    record: Record,
    source: Source | None,
    target: Template | None,
    answer: Callable[[Template], dict[str, Any]],
    given: Namespace,
    notices: list[str],
) -> int:
    """Change the service, and print what was changed, or would be."""
    outcome = change_service(service, record, source, target, answer, dry_run=given.dry_run)
    outcome.notices += notices
    if getattr(given, "request", False):
        report.say(*request.describe(outcome))
    else:
        report.show(outcome, dry_run=given.dry_run, as_json=given.json)
    return 1 if outcome.conflicts else 0


def own(given: Namespace) -> int:
    """Make a path of the chassis the team's own."""
    service, record = open_service()
    paths = set(record.own)
    for one in given.paths:
        place = Path(one).resolve()
        if not place.is_relative_to(service.folder / "chassis"):
            raise Refusal(f"{one}: is not in chassis/, so it is already yours.")
        paths.add(place.relative_to(service.folder).as_posix())
    text = Record({**record.content, "own": sorted(paths)}).text()
    (service.folder / NAME).write_bytes(text.encode())
    report.say(*(f"{it}: yours; updates merge into it." for it in sorted(paths)), f"Commit {NAME}.")
    return 0
