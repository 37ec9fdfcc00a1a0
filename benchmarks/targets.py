"""What was to be reached, and what was: the first thing that the page says."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    Stages = dict[str, dict[str, Any]]


class Seen(NamedTuple):
    """A figure with its spread."""

    value: float
    least: float
    most: float


class Target(NamedTuple):
    """One line of what was to be reached."""

    words: str
    bound: str
    find: Callable[[Stages], Seen]
    holds: Callable[[Seen], bool]


def row(stage: str, name: str) -> Callable[[Stages], Seen]:
    """Find a ratio that a stage measured."""

    def find(stages: Stages) -> Seen:
        found = stages[stage]["rows"][name]
        return Seen(found["ratio"], found["least"], found["most"])

    return find


def figures(stage: str, name: str) -> Callable[[Stages], Seen]:
    """Find what a stage noted several times."""

    def find(stages: Stages) -> Seen:
        noted = stages[stage][name]
        return Seen(median(noted), min(noted), max(noted))

    return find


def slowest_end(stages: Stages) -> Seen:
    """Find the delay whose end took longest beyond it."""
    noted = max(stages["start"]["beyond"], key=median)
    return Seen(median(noted), min(noted), max(noted))


def at_least(bound: float) -> Callable[[Seen], bool]:
    """Hold where the median is not below."""
    return lambda seen: seen.value >= bound


def at_most(bound: float) -> Callable[[Seen], bool]:
    """Hold where the median is not above."""
    return lambda seen: seen.value <= bound


def around(bound: float) -> Callable[[Seen], bool]:
    """Hold where the figure cannot be distinguished from the bound."""
    return lambda seen: seen.least <= bound <= seen.most or seen.value >= bound


TARGETS = (
    Target("plain `uvicorn main:app`", "1.2 or more", row("against", "uvicorn"), at_least(1.2)),
    Target("the careful stack", "1.5 or more", row("against", "careful"), at_least(1.5)),
    Target("the widespread recipe", "3.2 or more", row("against", "recipe"), at_least(3.2)),
    Target(
        "itself without tracing, with tracing that has no endpoint",
        "1 within the spread",
        row("against", "untraced"),
        around(1.0),
    ),
    Target(
        "SQLAlchemy's own session: times the CPU of a row read through `Session`",
        "1.1 or less",
        figures("data", "session"),
        at_most(1.1),
    ),
    Target(
        "the configured delay, at the end of an idle service: seconds beyond",
        "0.2 or less",
        slowest_end,
        at_most(0.2),
    ),
    Target(
        "cookiecutter's own rendering: times as long to carve",
        "1.5 or less",
        figures("carving", "times"),
        at_most(1.5),
    ),
)


def missed(stages: Stages) -> list[Target]:
    """Name the targets that were measured and not reached."""
    return [it for it in TARGETS if (seen := found(it, stages)) and not it.holds(seen)]


def found(target: Target, stages: Stages) -> Seen | None:
    """Find what was measured; None if its stage is not there, or was measured in part."""
    try:
        return target.find(stages)
    except KeyError:
        return None


def judged(stages: Stages) -> Table:
    """Put what was to be reached beside what was."""
    table = Table(
        "Targets",
        ("the carved service beside", "target", "measured", "least", "most", ""),
        note="The first four are requests in the same time. Bare FastAPI is compared below; it is"
        " no target.",
    )
    for target in TARGETS:
        seen = found(target, stages)
        if seen is None:
            table.add(target.words, target.bound, "", "", "", "not measured")
        else:
            verdict = "reached" if target.holds(seen) else "**missed**"
            table.add(target.words, target.bound, *seen, verdict)
    return table
