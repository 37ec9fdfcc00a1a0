"""The name of a feature, in every form that code and prose need, and which names are valid."""

from __future__ import annotations

import ast
import builtins
import keyword
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chassis.environment import Environment
from chassis.features.workspace import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chassis.features.workspace import Workspace

SNAKE_CASE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
LONGEST = 24
"""Longest name: a field of the settings, with its class twice, must fit in one line."""

SINGULARS = {
    r"(?<![a-z])(news|series|species|sms|aws)$": r"\1_item",
    r"(?<![a-z])people$": "person",
    r"children$": "child",
    r"(mov|cook|calor|self)ies$": r"\1ie",
    r"ies$": "y",
    r"(analy|ba|cri|the)ses$": r"\1sis",
    r"(ss|[^oa]us|x|[tnr]ch|[eo]ach|wich|sh|alias|quiz)(z?)es$": r"\1",
    r"([^isu])s$": r"\1",
}
"""Endings of plurals and their singulars; the first match counts. SINGULAR= overrides."""


@dataclass(frozen=True)
class Name:
    """A name in snake case, most often a plural."""

    things: str
    given: str = ""

    @property
    def thing(self) -> str:
        """Name of a single one, as given; with `_item` if the name is not a plural."""
        if self.given:
            return self.given
        for plural, singular in SINGULARS.items():
            if re.search(plural, self.things):
                return re.sub(plural, singular, self.things)
        return f"{self.things}_item"

    def words(self) -> dict[str, str]:
        """Return what the templates are filled with."""
        things, thing = self.things, self.thing
        return {
            "things": things,
            "thing": thing,
            "Things": things.title().replace("_", ""),
            "Thing": thing.title().replace("_", ""),
            "THINGS": things.upper(),
            "path": things.replace("_", "-"),
            "plural": things.replace("_", " "),
            "singular": thing.replace("_", " "),
        }


def check_name(name: str, workspace: Workspace) -> None:
    """Raise `Refusal` if no feature can have this name."""
    if not name:
        raise Refusal("NAME is missing. Give one in snake case, such as NAME=customers.")
    if not SNAKE_CASE.fullmatch(name):
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+", "_", name).strip("_").lower()
        like = words if SNAKE_CASE.fullmatch(words) else "customer_orders"
        raise Refusal(f"NAME={name}: is not in snake case. Write it like NAME={like}.")
    if len(name) > LONGEST:
        raise Refusal(f"NAME={name}: is longer than {LONGEST} letters. Choose a shorter one.")
    if any(it.startswith((f"app/{name}/", f"app/{name}.")) for it in workspace.texts("")):
        raise Refusal(f"NAME={name}: app/{name} exists. Choose another name, or remove that first.")
    for what, names in (
        ("a keyword of Python", [*keyword.kwlist, *keyword.softkwlist]),
        ("a builtin of Python", dir(builtins)),
        ("a module of the standard library", sys.stdlib_module_names),
        ("a part of chassis/", [path.stem for path in (workspace.copy / "chassis").iterdir()]),
        ("an attribute of every settings class", dir(Environment)),
    ):
        if name in names:
            like = f"{name}_{'list' if name.endswith('s') else 'items'}"
            raise Refusal(f"NAME={name}: is {what}. Choose another name, such as {like}.")


def check_singular(name: str, singular: str) -> None:
    """Raise `Refusal` if a single one cannot have this name."""
    if singular and (not SNAKE_CASE.fullmatch(singular) or keyword.iskeyword(singular)):
        raise Refusal(f"SINGULAR={singular}: is not a name in snake case, such as customer_order.")
    if singular == name:
        raise Refusal(f"SINGULAR={singular}: is NAME itself. Choose another, such as {name}_item.")


def check_meanings(name: Name, used: Iterable[str], where: str) -> None:
    """Raise `Refusal` if a name that the feature defines is already used there."""
    words = name.words()
    for form in ("things", "thing", "Things", "Thing"):
        if words[form] in {*used}:
            what = f"{words[form]} is already used in {where}"
            raise Refusal(f"NAME={name.things}: {what}. Choose another, such as my_{name.things}.")


def identifiers(text: str) -> set[str]:
    """Collect the names that a module binds or reads."""
    nodes = (it for it in ast.walk(ast.parse(text)) if not isinstance(it, ast.keyword))
    return {str(getattr(it, key, "")) for it in nodes for key in ("id", "arg", "name", "asname")}
