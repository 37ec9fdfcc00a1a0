"""Finds invalid variables: one line each, with how to fix it."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr, ValidationError, create_model

from chassis.environment.decoding import Variables
from chassis.environment.fault import Fault
from chassis.environment.sources import origins, read_variables
from chassis.environment.variables import iterate_values, variables
from chassis.service import Identity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.environment import Environment
    from chassis.environment.variables import Variable

_DEPTH = 2
"""Parts of a variable's location, feature and field; further parts are inside its value."""
_MIN_HIDDEN_LENGTH = 4
"""Length of the shortest value that is hidden; shorter ones occur in other words."""
_VALUES = "should be values separated by commas, or a JSON array"
_PAIRS = "should be pairs such as key=value,key=value, or a JSON object"
_OBJECT = 'should be a JSON object, such as {"key": "value"}'
EXPECTED_FORMS = {
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
    "union_tag_invalid": "should have one of the tags that the setting accepts",
    "import_error": "should be an import path, such as package.module.name",
}
"""The expected form, where pydantic's message names a Python type or shows the value."""


def invalid_variables(environment: type[Environment], error: ValidationError) -> list[Fault]:
    """Report validation errors by variable, without the values: they may be secret."""
    places = origins(environment)
    faults = []
    for place, message in _errors(error):
        affected = _variables_at(environment, place)
        faults += [Fault(it.name, _describe(it, message, places.get(it.name))) for it in affected]
        if not affected:
            faults.append(Fault(_group_name(place), message))
    return faults


def raising_variables(environment: type[Environment], error: Exception) -> list[Fault]:
    """Report the variables whose validators raise exceptions that pydantic does not handle."""
    given, _ = read_variables(environment)
    faults = []
    for variable in variables(environment):
        name = variable.name.lower()
        feature: Any = environment.model_fields[variable.group].annotation
        try:
            alone = Variables(environment, {name: given[name].value} if name in given else {})()
            feature.model_validate(alone.get(variable.group, {}))
        except ValidationError:
            continue
        except Exception as raised:  # noqa: BLE001 - the one that is looked for
            place = given[name].place if name in given else None
            message = f"the value makes a validator raise {type(raised).__name__}"
            faults.append(Fault(variable.name, _describe(variable, message, place)))
    return faults or [Fault("Settings", f"a validator raises {type(error).__name__}.")]


def load_without_invalid(
    environment: type[Environment], error: ValidationError
) -> Environment | None:
    """Load the settings with defaults for what is invalid, so that the rest is checked too."""
    defaults: dict[str, dict[str, Any]] = defaultdict(dict)
    unset_required: dict[str, Any] = {}
    for place, _ in _errors(error):
        whole = [it for it in variables(environment) if place == (it.group,)]
        for variable in _variables_at(environment, place) or whole:
            if variable.required:
                unset_required[variable.group] = (Any, None)
            else:
                defaults[variable.group][variable.field] = variable.default
    rest = create_model(environment.__name__, __base__=environment, **unset_required)
    patch: Any = {name: fields for name, fields in defaults.items() if name not in unset_required}
    try:
        return rest(**patch)
    except Exception:  # noqa: BLE001 - the faults found so far are reported without the rest
        return None


def insecure_settings(settings: Environment) -> list[Fault]:
    """Report the settings that the features call insecure, unless the network is private."""
    features = dict(settings.features())
    private = any(isinstance(it, Identity) and it.private_network for it in features.values())
    return [
        Fault(f"{group}_{field}".upper(), advice)
        for group, feature in features.items()
        for field, advice in [*feature.insecure(), *(() if private else feature.unencrypted())]
    ]


def _errors(error: ValidationError) -> Iterator[tuple[tuple[str, ...], str]]:
    for entry in error.errors(include_url=False, include_context=False):
        message = entry["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
        if entry["type"] == "missing" and len(entry["loc"]) > _DEPTH:
            message = f"lacks {entry['loc'][-1]}"
        message = EXPECTED_FORMS.get(entry["type"], message)
        value = entry["input"]
        if len(entry["loc"]) < _DEPTH and isinstance(value, dict):
            value = [*value.values()]  # its keys are the names of fields
        yield tuple(map(str, entry["loc"])), _hide_values(value, message)


def _hide_values(value: object, message: str) -> str:
    """Replace a value, and every string inside it, in a message."""
    texts = {
        it.get_secret_value() if isinstance(it, SecretStr) else it for it in iterate_values(value)
    }
    for text in sorted((it for it in texts if isinstance(it, str)), key=len, reverse=True):
        if len(text) < _MIN_HIDDEN_LENGTH:
            continue
        if text.isalpha():  # such as "short", which "shorter" does not repeat
            message = re.sub(rf"\b{text}\b", "\u2026", message)
        else:
            message = message.replace(text, "\u2026").replace(repr(text)[1:-1], "\u2026")
    return message


def _variables_at(environment: type[Environment], place: tuple[str, ...]) -> list[Variable]:
    """Return the variable at a location; of a missing feature, those that it requires."""
    given = origins(environment)
    return [
        variable
        for variable in variables(environment)
        if place[:2] == (variable.group, variable.field)
        or (place == (variable.group,) and variable.required and variable.name not in given)
    ]


def _group_name(place: tuple[str, ...]) -> str:
    """Name a whole feature, for faults such as two settings that contradict each other."""
    return f"{place[0].upper()}_*" if place else "Settings"


def _describe(variable: Variable, message: str, place: str | None) -> str:
    if place is None:
        return f"is not set. It is: {variable.meaning}"
    return f"{message[:1].lower()}{message[1:]} (set in {place}). It is: {variable.meaning}"
