"""What is wrong with the environment, one line a variable, each with the way to mend it."""

from __future__ import annotations

from collections import defaultdict
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import create_model

from app.environment.variables import origins, variables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import ValidationError

    from app.environment import Environment
    from app.environment.variables import Variable

CLOSE = 0.75


class Fault(NamedTuple):
    """One variable and what is wrong with it."""

    variable: str
    text: str

    def __str__(self) -> str:
        """Give the line to show: the variable first."""
        return f"{self.variable}: {self.text}"


class Misconfigured(Exception):  # noqa: N818 - it is a state, not an accident
    """The environment cannot make a service; carries every fault, never a secret's value."""

    def __init__(self, faults: list[Fault]) -> None:
        """Keep the faults in the order of the variables' names."""
        self.faults = sorted(faults)
        super().__init__("\n".join(map(str, self.faults)))


def misspelt(environment: type[Environment]) -> list[Fault]:
    """Report what is set, belongs to a group, is no variable, and is close to one."""
    faults = []
    for name in strangers(environment):
        word, _, rest = name.partition("_")
        known = [variable.name.partition("_") for variable in variables(environment)]
        rests = [its_rest for its_word, _, its_rest in known if its_word == word]
        for match in get_close_matches(rest, rests, n=1, cutoff=CLOSE):
            meant = f"{word}_{match}"
            faults.append(Fault(name, f"is not a variable of this service. Did you mean {meant}?"))
    return faults


def strangers(environment: type[Environment]) -> list[str]:
    """Name what is set, begins with the first word of a group, and is no variable."""
    known = {variable.name for variable in variables(environment)}
    words = tuple(f"{group.partition('_')[0].upper()}_" for group in environment.model_fields)
    return sorted(n for n in origins(environment) if n.startswith(words) and n not in known)


def invalid(environment: type[Environment], error: ValidationError) -> list[Fault]:
    """Turn what pydantic found into variables; their values are left out, they may be secret."""
    places = origins(environment)
    told = {
        variable.name: Fault(variable.name, _say(variable, message, places.get(variable.name)))
        for place, message in _errors(error)
        for variable in _concerned(environment, place)
    }
    return list(told.values())


def without(environment: type[Environment], error: ValidationError) -> Environment:
    """Read the settings as if nothing had been invalid, so that the rest can be looked at too."""
    defaults: dict[str, dict[str, Any]] = defaultdict(dict)
    beyond_repair: dict[str, Any] = {}
    for place, _ in _errors(error):
        for variable in _concerned(environment, place):
            if variable.required:
                beyond_repair[variable.group] = (Any, None)
            else:
                defaults[variable.group][variable.field] = variable.default
    rest = create_model(environment.__name__, __base__=environment, **beyond_repair)
    patch: Any = {name: fields for name, fields in defaults.items() if name not in beyond_repair}
    return rest(**patch)


def insecure(settings: Environment) -> list[Fault]:
    """Collect what the features refuse to run with in production."""
    return [
        Fault(f"{group}_{field}".upper(), advice)
        for group, feature in settings.features()
        for field, advice in feature.insecure()
    ]


def _errors(error: ValidationError) -> Iterator[tuple[tuple[str, ...], str]]:
    for entry in error.errors(include_url=False, include_input=False, include_context=False):
        yield tuple(map(str, entry["loc"])), entry["msg"].removeprefix("Value error, ")


def _concerned(environment: type[Environment], place: tuple[str, ...]) -> Iterator[Variable]:
    """Find the variable at a place; a group that is missing as a whole lacks what it requires."""
    for variable in variables(environment):
        missing = place == (variable.group,) and variable.required
        if missing or place[:2] == (variable.group, variable.field):
            yield variable


def _say(variable: Variable, message: str, place: str | None) -> str:
    if place is None:
        return f"is not set. It is: {variable.meaning}"
    return f"{message[:1].lower()}{message[1:]} (set in {place}). It is: {variable.meaning}"
