"""The commands, each of which returns its exit code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from carve import report, request
from carve.answers import carry_over, change, switch
from carve.base import source_of
from carve.record import NAME, Record, find_service
from carve.refusal import Refusal
from carve.service import Service
from carve.target import choose_target
from carve.update import SUMS, check_nothing_is_pending
from carve.update import change as change_service

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from carve.template import Template
    from carve.update import Outcome


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
    outcome = change_service(
        service, record, source, target, lambda _: answers, dry_run=given.dry_run
    )
    outcome.notices += said + notices
    if given.request:
        report.say(*request.describe(outcome))
        return exit_code(outcome)
    return show(outcome, given)


def add(given: Namespace) -> int:
    """Turn options on."""
    return switch_options(given, on=True)


def remove(given: Namespace) -> int:
    """Turn options off."""
    return switch_options(given, on=False)


def switch_options(given: Namespace, *, on: bool) -> int:
    """Turn options on or off."""
    service, record = open_service()
    answers = switch(record.answers, given.options, on=on)
    return other_answers(given, service, record, lambda _: answers)


def change_answers(given: Namespace) -> int:
    """Change answers."""
    service, record = open_service()
    answer = lambda template: change(template, record.answers, given.answers)  # noqa: E731
    return other_answers(given, service, record, answer)


def other_answers(
    given: Namespace,
    service: Service,
    record: Record,
    answer: Callable[[Template], dict[str, Any]],
) -> int:
    """Carve the same version with other answers."""
    source = source_of(record, given.source)
    return show(change_service(service, record, source, None, answer, dry_run=given.dry_run), given)


def show(outcome: Outcome, given: Namespace) -> int:
    """Print what was done, or would be; return the exit code."""
    report.show(outcome, dry_run=given.dry_run, as_json=given.json)
    return exit_code(outcome)


def exit_code(outcome: Outcome) -> int:
    """Return the exit code of a change."""
    return 1 if outcome.conflicts else 0


def own(given: Namespace) -> int:
    """Make a path of the chassis the team's own."""
    service, record = open_service()
    check_nothing_is_pending(service)
    carved = (service.folder / SUMS).read_text("utf-8")
    paths = set(record.own)
    for one in given.paths:
        place = Path(one).resolve()
        is_inside = place.is_relative_to(service.folder / "chassis")
        path = place.relative_to(service.folder).as_posix() if is_inside else one
        if not place.exists() and f"  {path.removeprefix('chassis/')}\n" not in carved:
            raise Refusal(f"{path}: is not there, and was not carved.")
        if not is_inside:
            raise Refusal(f"{one}: is not in chassis/, so it is already yours.")
        paths.add(path)
    text = Record({**record.content, "own": sorted(paths)}).text()
    (service.folder / NAME).write_bytes(text.encode())
    report.say(*(f"{it}: yours; updates merge into it." for it in sorted(paths)))
    report.say(f"Next:\n  git commit {NAME}")
    return 0
