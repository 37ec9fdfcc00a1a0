"""Finds variables that nothing reads: a typing error stops the start, others are only logged."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from chassis.environment.fault import Fault
from chassis.environment.sources import origins
from chassis.environment.variables import variables

if TYPE_CHECKING:
    from chassis.environment import Environment

ENDINGS = "DRS"
"""Endings that make another word of one: HOSTS, SIGNED, SERVER."""
MIN_LETTERS = 4
"""Length of words in which a wrong letter is an error; shorter ones differ, such as URI and URL."""


def misspelled_variables(environment: type[Environment]) -> list[Fault]:
    """Report variables that are a typing error away from one that is not set."""
    given = origins(environment)
    unset = [it.name for it in variables(environment) if it.name not in given]
    return [
        Fault(name, f"is not a variable of this service. Did you mean {known}?")
        for name in unknown_variables(environment)
        for known in unset
        if is_typing_error(name, known)
    ]


def unknown_variables(environment: type[Environment]) -> dict[str, str]:
    """Return the unknown variables that seem meant for this service, and the closest known ones.

    They begin with the first word of a group, or are one typing error away from it or from a
    variable.
    """
    known = [it.name for it in variables(environment)]
    others = {alias for it in variables(environment) for alias in it.aliases}
    words = {group.partition("_")[0].upper() for group in environment.model_fields}
    found = {}
    for name in sorted(origins(environment).keys() - {*known, *others, *words}):
        word, sign, _ = name.partition("_")
        near = any(is_typing_error(name, it) for it in known)
        if near or (sign and (word in words or any(is_typing_error(word, it) for it in words))):
            found[name] = "".join(get_close_matches(name, known, n=1))
    return found


def is_typing_error(given: str, known: str) -> bool:
    """Return whether exactly one letter is missing, added or wrong, or two are swapped.

    False where that makes another word or number, which may be another program's variable.
    """
    start = _common(given, known)
    end = _common(given[start:][::-1], known[start:][::-1])
    wrong, right = given[start : len(given) - end], known[start : len(known) - end]
    swapped = len(right) == len("AB") and wrong == right[::-1]
    if not swapped and max(len(wrong), len(right)) != 1:
        return False
    edited = wrong + right
    rest = known[len(known) - end :] if end else ""
    ends_word = not rest or rest.startswith("_")
    if not edited.replace("_", "").isalpha() and edited != "_":
        return False
    if ends_word and edited in ENDINGS:
        return False
    word = known[:start].rpartition("_")[2] + known[start:].partition("_")[0]
    return "_" in edited or len(word) >= MIN_LETTERS


def _common(one: str, other: str) -> int:
    """Count the letters with which both begin."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
