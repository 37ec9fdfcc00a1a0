"""Compares two OpenAPI documents, operation by operation."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from chassis.api_diff.documents import Document, written
from chassis.api_diff.operations import operations
from chassis.api_diff.traffic import (
    compare_bodies,
    compare_parameters,
    compare_responses,
    compare_security,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.api_diff.documents import Node
    from chassis.api_diff.operations import Operation


class Change(NamedTuple):
    """One change of an operation."""

    operation: str
    """Such as `GET /orders/{id}`."""
    what: str
    breaking: bool


def compare(before: Node, after: Node, today: date | None = None) -> list[Change]:
    """Return every change of the API, by operation."""
    old, new = operations(Document(before)), operations(Document(after))
    found = []
    for key in sorted(old.keys() | new.keys()):
        if key not in new:
            found.append(removed(old[key], today or date.today()))  # noqa: DTZ011 - where it runs
        elif key not in old:
            found.append(Change(new[key].name, "is added", breaking=False))
        else:
            seen: dict[tuple[str, bool], None] = dict.fromkeys(changes(old[key], new[key]))
            found += [Change(new[key].name, *it) for it in seen]
    return found


def removed(operation: Operation, today: date) -> Change:
    """Say that an operation is gone; one whose sunset was announced may go after that day."""
    sunset = operation.content.get("x-sunset")
    if sunset and date.fromisoformat(sunset) <= today:
        return Change(operation.name, f"is removed, its sunset was {sunset}", breaking=False)
    return Change(operation.name, "is removed", breaking=True)


def changes(old: Operation, new: Operation) -> Iterator[tuple[str, bool]]:
    """Yield the changes of one operation, and whether they are breaking."""
    if old.content.get("operationId") != new.content.get("operationId"):
        names = [written(it.content.get("operationId")) for it in (new, old)]
        yield f"operationId is {names[0]} instead of {names[1]}: generated clients rename it", False
    if bool(old.content.get("deprecated")) != bool(new.content.get("deprecated")):
        yield "is deprecated" if new.content.get("deprecated") else "is no longer deprecated", False
    yield from compare_security(old, new)
    yield from compare_parameters(old, new)
    yield from compare_bodies(old, new)
    yield from compare_responses(old, new)
