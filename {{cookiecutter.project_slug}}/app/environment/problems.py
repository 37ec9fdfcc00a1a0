"""What is wrong with the environment, one line a variable, each with the way to mend it."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

from app.environment.variables import origins, variables

if TYPE_CHECKING:
    from pydantic import ValidationError

    from app.environment import Environment
    from app.environment.variables import Variable

CLOSE = 0.8


class Problem(NamedTuple):
    """One variable and what is wrong with it."""

    variable: str
    text: str

    def __str__(self) -> str:
        """Give the line to show: the variable first."""
        return f"{self.variable}: {self.text}"


class Misconfigured(Exception):
    """The environment cannot make a service; carries every problem, never a secret's value."""

    def __init__(self, problems: list[Problem]) -> None:
        """Keep the problems in the order of the variables' names."""
        self.problems = sorted(problems)
        super().__init__("\n".join(map(str, self.problems)))


def misspelt(environment: type[Environment]) -> list[Problem]:
    """Report what is set, belongs to a group, is no variable, and is close to one."""
    known = [variable.name for variable in variables(environment)]
    return [
        Problem(name, f"is not a variable of this service. Did you mean {match}?")
        for name in strangers(environment)
        for match in get_close_matches(name, known, n=1, cutoff=CLOSE)
    ]


def strangers(environment: type[Environment]) -> list[str]:
    """Name what is set, begins like a group, and is no variable of it."""
    known = {variable.name for variable in variables(environment)}
    groups = tuple(f"{group.upper()}_" for group in environment.model_fields)
    return sorted(n for n in origins(environment) if n.startswith(groups) and n not in known)


def invalid(environment: type[Environment], error: ValidationError) -> list[Problem]:
    """Turn what pydantic found into variables; their values are left out, they may be secret."""
    by_place = {(variable.group, variable.field): variable for variable in variables(environment)}
    places = origins(environment)
    found = {}
    for entry in error.errors(include_url=False, include_input=False, include_context=False):
        place = entry["loc"][:2]
        variable = by_place.get((str(place[0]), str(place[-1])))
        name = variable.name if variable else "_".join(map(str, place)).upper()
        found[name] = Problem(name, _say(variable, entry["msg"], places.get(name)))
    return list(found.values())


def _say(variable: Variable | None, message: str, place: str | None) -> str:
    told = f"{message[0].lower()}{message[1:]}" if place else "is not set"
    hint = f" It is: {variable.meaning}" if variable else ""
    return f"{told}{f' (set in {place})' if place else ''}.{hint}"


def insecure(settings: Environment) -> list[Problem]:
    """Collect what the features refuse to run with in production."""
    return [
        Problem(f"{group}_{field}".upper(), advice)
        for group, feature in settings.features()
        for field, advice in feature.insecure()
    ]


def defaults_for(environment: type[Environment], error: ValidationError) -> dict[str, Any]:
    """Values that stand in for the invalid ones, so that the rest can be looked at too."""
    defaults = {(v.group, v.field): v.default for v in variables(environment) if not v.required}
    patch: dict[str, Any] = {}
    for entry in error.errors():
        place = tuple(map(str, entry["loc"][:2]))
        if place in defaults:
            patch.setdefault(place[0], {})[place[1]] = defaults[place]  # type: ignore[index]
    return patch
