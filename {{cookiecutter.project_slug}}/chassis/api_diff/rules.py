"""Compares what limits a single value: listed values, lengths, ranges, patterns."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chassis.api_diff.documents import ANNOTATIONS, values, written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.api_diff.documents import Node

REQUESTS = frozenset({"request"})
"""What accepts less than before breaks clients that send it."""
RESPONSES = frozenset({"response"})
"""What returns more than before breaks clients that read it."""
BOTH = REQUESTS | RESPONSES
NEITHER: frozenset[str] = frozenset()

LIMITS = {
    "minimum": ("lower", 1, "at least {}"),
    "exclusiveMinimum": ("lower", 1, "more than {}"),
    "maximum": ("upper", -1, "at most {}"),
    "exclusiveMaximum": ("upper", -1, "less than {}"),
    "minLength": ("least characters", 1, "at least {} characters"),
    "maxLength": ("most characters", -1, "at most {} characters"),
    "minItems": ("least items", 1, "at least {} items"),
    "maxItems": ("most items", -1, "at most {} items"),
    "minProperties": ("least members", 1, "at least {} members"),
    "maxProperties": ("most members", -1, "at most {} members"),
}
"""Which limit a keyword sets, whether a higher value is stricter, and its words."""
COMPARED = {
    *("type", "enum", "const", "properties", "required", "additionalProperties", "items"),
    *LIMITS,
}
"""Keywords that need more than to be equal."""


class Finding(NamedTuple):
    """One change of a schema."""

    place: str
    """Path of a member: `notes[].title`; empty for the whole."""
    what: str
    breaks: frozenset[str]
    """The directions in which it breaks clients."""


def compare_values(
    before: dict[str, Node], after: dict[str, Node], place: str
) -> Iterator[Finding]:
    """Compare the values that are listed, by enum or const."""
    old, new = values(before), values(after)
    if old is None and new is not None:
        yield Finding(place, f"must be one of {', '.join(map(written, new))}", REQUESTS)
    elif new is None and old is not None:
        yield Finding(place, f"can be other than {', '.join(map(written, old))}", RESPONSES)
    elif old and new:
        were, are = [*map(written, old)], [*map(written, new)]
        for it in (it for it in were if it not in are):
            yield Finding(place, f"can no longer be {it}", REQUESTS)
        for it in (it for it in are if it not in were):
            yield Finding(place, f"can also be {it}", RESPONSES)


def compare_limits(
    before: dict[str, Node], after: dict[str, Node], place: str
) -> Iterator[Finding]:
    """Compare lengths, ranges and counts."""
    old, new = limits(before), limits(after)
    for limit in sorted(old.keys() | new.keys()):
        if limit not in old:
            yield Finding(place, f"is limited to {new[limit][1]}", REQUESTS)
        elif limit not in new:
            yield Finding(place, f"is no longer limited to {old[limit][1]}", RESPONSES)
        elif old[limit] != new[limit]:
            breaks = REQUESTS if new[limit] > old[limit] else RESPONSES
            yield Finding(place, f"is {new[limit][1]} instead of {old[limit][1]}", breaks)


def limits(schema: dict[str, Node]) -> dict[str, tuple[tuple[float, bool], str]]:
    """Return each limit: how strict it is, and its words."""
    found: dict[str, tuple[tuple[float, bool], str]] = {}
    for word, (limit, sign, text) in LIMITS.items():
        value = schema.get(word)
        if value is not None and (value or not limit.startswith("least")):  # no fewer than none
            strict = ((sign * value, word.startswith("exclusive")), text.format(value))
            found[limit] = max(found.get(limit, strict), strict)
    return found


def compare_rules(before: dict[str, Node], after: dict[str, Node], place: str) -> Iterator[Finding]:
    """Compare keywords that only can be equal or not: pattern, format, multipleOf and others."""
    for word in sorted((before.keys() | after.keys()) - COMPARED - ANNOTATIONS):
        old, new = before.get(word) or None, after.get(word) or None
        if word.startswith("x-") or old == new:
            continue
        if old is None:
            yield Finding(place, f"has the {word} {written(new)}", REQUESTS)
        elif new is None:
            yield Finding(place, f"no longer has the {word} {written(old)}", RESPONSES)
        else:
            yield Finding(place, f"has the {word} {written(new)} instead of {written(old)}", BOTH)
