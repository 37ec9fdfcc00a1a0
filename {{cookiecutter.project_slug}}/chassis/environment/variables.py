"""Lists the variables of a settings tree: name, default, meaning, aliases."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, SecretStr
from pydantic_core import PydanticUndefined, to_json

from chassis.environment.secret_names import MASK, find_secrets, mask_urls
from chassis.service import Feature

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pydantic_settings import BaseSettings

__all__ = ["Variable", "variables"]

COLLECTIONS = (list, tuple, set, frozenset, deque)


class Aliases:
    """Other names of a variable, in `Annotated`; its own name wins, then the first alias."""

    def __init__(self, *names: str) -> None:
        """Take the names as they are set in the environment."""
        self.names = names


@dataclass(frozen=True)
class Variable:
    """One variable of the environment: one field of one feature."""

    group: str
    field: str
    default: Any
    """Its value when unset; `PydanticUndefined` if it must be set."""
    meaning: str
    aliases: tuple[str, ...] = ()
    """Its other names."""

    @property
    def name(self) -> str:
        """Name in the environment, such as SERVER_PORT."""
        return f"{self.group}_{self.field}".upper()

    @property
    def required(self) -> bool:
        """Whether the service has no default for it."""
        return self.default is PydanticUndefined

    @property
    def default_text(self) -> str:
        """The default as the text that would set it."""
        return "" if self.required else format_value(self.default)


def format_value(value: object) -> str:
    """Format a value as the text that would set it; secrets are masked, unless they are empty."""
    match value:
        case None:
            return ""
        case SecretStr():
            return MASK if value else ""
        case bool() | float():
            return f"{value:g}" if isinstance(value, float) else str(value).lower()
        case tuple() | list() | set() | frozenset() | deque() if not _nested(value):
            return ",".join(map(format_value, value))
        case dict() if not _nested(value.values()):
            return ",".join(f"{key}={format_value(entry)}" for key, entry in value.items())
        case BaseModel() | dict() | tuple() | list() | set() | frozenset() | deque():
            value = to_json(value, inf_nan_mode="constants", serialize_unknown=True).decode()
    return mask_urls(str(value))


def _nested(values: Iterable[object]) -> bool:
    """Return whether values are nested, which only JSON can express."""
    return any(isinstance(it, (BaseModel, dict, *COLLECTIONS)) for it in values)


def variables(environment: type[BaseSettings]) -> Iterator[Variable]:
    """Yield the variables of an environment, in the order of its features."""
    for group, entry in environment.model_fields.items():
        feature = entry.annotation
        if not (isinstance(feature, type) and issubclass(feature, Feature)):
            continue
        for field, info in feature.model_fields.items():
            default = info.get_default(call_default_factory=True, validated_data={})
            if isinstance(entry.default, Feature):
                default = getattr(entry.default, field)
            others = [word.names for word in info.metadata if isinstance(word, Aliases)]
            yield Variable(group, field, default, info.description or "", sum(others, ()))


def resolve_aliases(
    given: Mapping[str, str | None], environment: type[BaseSettings]
) -> dict[str, str | None]:
    """Replace aliases by the names of their variables.

    Variables named like a whole feature, such as SERVICE, are ignored: other programs use such
    names.
    """
    kept = {name: given[name] for name in given if name not in environment.model_fields}
    for variable in variables(environment):
        for other in variable.aliases:
            if value := given.get(other.lower()):
                kept.setdefault(variable.name.lower(), value)
    return kept


def secrets(settings: BaseSettings) -> frozenset[str]:
    """Collect the values that must not be shown: secret settings, and secrets inside URLs."""
    found: set[str] = set()
    for group in type(settings).model_fields:
        for value in iterate_values(getattr(settings, group)):
            hidden = value.get_secret_value() if isinstance(value, SecretStr) else ""
            found.update(find_secrets(hidden or str(value), hidden=bool(hidden)))
    return frozenset(found - {""})


def iterate_values(value: object) -> Iterator[object]:
    """Yield the scalars inside a value, at any depth."""
    if isinstance(value, BaseModel):
        value = dict(value)
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, COLLECTIONS):
        for item in value:
            yield from iterate_values(item)
    else:
        yield value
