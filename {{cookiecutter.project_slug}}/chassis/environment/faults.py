"""What is wrong with the environment, one line a variable, each with the way to mend it."""

from __future__ import annotations

from collections import defaultdict
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr, ValidationError, create_model

from chassis.environment.decoding import Variables
from chassis.environment.fault import Fault
from chassis.environment.sources import origins, read
from chassis.environment.variables import leaves, variables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.environment import Environment
    from chassis.environment.variables import Variable

CLOSE = 0.75
_DEPTH = 2
"""Places of a variable: its group and its field; what comes after lies inside its value."""
_TELLING = 4
"""Characters from which on a value could be told from a word of the message."""
_VALUES = "should be values separated by commas, or a JSON array"
_PAIRS = "should be pairs such as key=value,key=value, or a JSON object"
_OBJECT = 'should be a JSON object, such as {"key": "value"}'
EXPECTED = {
    "list_type": _VALUES,
    "tuple_type": _VALUES,
    "set_type": _VALUES,
    "frozen_set_type": _VALUES,
    "iterable_type": _VALUES,
    "dict_type": _PAIRS,
    "mapping_type": _PAIRS,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "dataclass_type": _OBJECT,
    "union_tag_invalid": "should be one of the kinds that the setting knows",
    "import_error": "should be the path of something that can be imported",
}
"""How a value should look, where pydantic's message names a type of Python or shows the value."""


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
    faults = []
    for place, message in _errors(error):
        concerned = _concerned(environment, place)
        faults += [Fault(it.name, _say(it, message, places.get(it.name))) for it in concerned]
        if not concerned:
            faults.append(Fault(_group(place), message))
    return faults


def raising(environment: type[Environment], error: Exception) -> list[Fault]:
    """Find the variables with which a validator raises what pydantic does not handle."""
    given, _ = read(environment)
    faults = []
    for variable in variables(environment):
        name = variable.name.lower()
        feature: Any = environment.model_fields[variable.group].annotation
        try:
            alone = Variables(environment, {name: given[name].value} if name in given else {})()
            feature.model_validate(alone.get(variable.group, {}))
        except ValidationError:
            continue
        except Exception as raised:  # noqa: BLE001 - any of them is what is looked for
            place = given[name].place if name in given else None
            message = f"its value makes a validator raise {type(raised).__name__}"
            faults.append(Fault(variable.name, _say(variable, message, place)))
    return faults or [Fault("Settings", f"a validator raises {type(error).__name__}.")]


def without(environment: type[Environment], error: ValidationError) -> Environment | None:
    """Read the settings as if nothing had been invalid, so that the rest can be looked at too."""
    defaults: dict[str, dict[str, Any]] = defaultdict(dict)
    beyond_repair: dict[str, Any] = {}
    for place, _ in _errors(error):
        whole = [it for it in variables(environment) if place == (it.group,)]
        for variable in _concerned(environment, place) or whole:
            if variable.required:
                beyond_repair[variable.group] = (Any, None)
            else:
                defaults[variable.group][variable.field] = variable.default
    rest = create_model(environment.__name__, __base__=environment, **beyond_repair)
    patch: Any = {name: fields for name, fields in defaults.items() if name not in beyond_repair}
    try:
        return rest(**patch)
    except Exception:  # noqa: BLE001 - what was found has been told; the rest cannot be looked at
        return None


def insecure(settings: Environment) -> list[Fault]:
    """Collect what the features refuse to run with in production."""
    return [
        Fault(f"{group}_{field}".upper(), advice)
        for group, feature in settings.features()
        for field, advice in feature.insecure()
    ]


def _errors(error: ValidationError) -> Iterator[tuple[tuple[str, ...], str]]:
    for entry in error.errors(include_url=False, include_context=False):
        message = entry["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
        if entry["type"] == "missing" and len(entry["loc"]) > _DEPTH:
            message = f"lacks {entry['loc'][-1]}"
        message = EXPECTED.get(entry["type"], message)
        value = entry["input"]
        if len(entry["loc"]) < _DEPTH and isinstance(value, dict):
            value = [*value.values()]  # its keys are the names of fields
        yield tuple(map(str, entry["loc"])), _hide(value, message)


def _hide(value: object, message: str) -> str:
    """Take a value, and every text that it is made of, out of a message."""
    texts = {it.get_secret_value() if isinstance(it, SecretStr) else it for it in leaves(value)}
    for text in sorted((it for it in texts if isinstance(it, str)), key=len, reverse=True):
        if len(text) >= _TELLING:
            message = message.replace(text, "\u2026").replace(repr(text)[1:-1], "\u2026")
    return message


def _concerned(environment: type[Environment], place: tuple[str, ...]) -> list[Variable]:
    """Find the variable at a place; a group that is missing as a whole lacks what it requires."""
    given = origins(environment)
    return [
        variable
        for variable in variables(environment)
        if place[:2] == (variable.group, variable.field)
        or (place == (variable.group,) and variable.required and variable.name not in given)
    ]


def _group(place: tuple[str, ...]) -> str:
    """Name what is wrong as a whole, such as two settings that contradict each other."""
    return f"{place[0].upper()}_*" if place else "Settings"


def _say(variable: Variable, message: str, place: str | None) -> str:
    if place is None:
        return f"is not set. It is: {variable.meaning}"
    return f"{message[:1].lower()}{message[1:]} (set in {place}). It is: {variable.meaning}"
