"""Combinations of answers in which every two answers meet: few, and not the same every time.

Most faults need one answer or two (Kuhn, Wallace and Gallo, "Software fault interactions", 2004).
The seed is the day unless SEED says otherwise, so that runs of the same day look at the same ones.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from itertools import combinations, product
from random import Random
from typing import Any

from tests.template import MANIFEST, answer, stands

CHOICES: dict[str, list[Any]] = {
    **{
        name: [default, not default]
        for name, default in MANIFEST.items()
        if isinstance(default, bool) and not name.startswith("_")
    },
    **MANIFEST["_choices"],
}
"""What a user can choose: an option or a choice -> its answers, the default first."""
Answers = dict[str, Any]
TRIES = 30


def seed() -> str:
    """Give SEED, or the day."""
    return os.environ.get("SEED") or datetime.now(UTC).date().isoformat()


def pairwise(seed: str, choices: dict[str, list[Any]] = CHOICES) -> list[Answers]:
    """Choose combinations until every two answers that can meet have met; the same for a seed."""
    chance = Random(seed)  # noqa: S311 - nothing is kept secret by it
    defaults = answer()
    missing = {
        ((one, a), (other, b))
        for one, other in combinations(choices, 2)
        for a, b in product(choices[one], choices[other])
        if stands({**defaults, **repair_answers({one: a, other: b}, choices)})
    }
    found = []
    while missing:
        start = chance.choice(sorted(missing, key=repr))
        tries = [filled(dict(start), choices, chance) for _ in range(TRIES)]
        fine = [one for one in tries if stands({**defaults, **one})]
        if fine:
            best = max(fine, key=lambda one: len(pairs(one) & missing))
            found.append(best)
            missing -= pairs(best)
    return found


def repair_answers(given: Answers, choices: dict[str, list[Any]]) -> Answers:
    """Give the rest the answers that refuse nothing: what each option is by default, or last."""
    return {"deployment": choices["deployment"][-1]} | given if "deployment" in choices else given


def filled(given: Answers, choices: dict[str, list[Any]], chance: Random) -> Answers:
    """Answer the rest at random."""
    return {name: given.get(name, chance.choice(values)) for name, values in choices.items()}


def pairs(given: Answers) -> set[tuple[tuple[str, Any], ...]]:
    """List every two answers of a combination."""
    return set(combinations(given.items(), 2))
