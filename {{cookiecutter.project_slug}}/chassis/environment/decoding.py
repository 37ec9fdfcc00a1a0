"""Values of lists, mappings and models: JSON, or what a person writes instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from pydantic_core import from_json
from pydantic_settings import EnvSettingsSource, NoDecode

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo
    from pydantic_settings import BaseSettings


class Variables(EnvSettingsSource):
    """The variables that were read; none of their values raises an error here."""

    def __init__(self, environment: type[BaseSettings], given: Mapping[str, str]) -> None:
        """Take the variables by their names in lower case."""
        super().__init__(environment)
        self.env_vars = given

    def decode_complex_value(self, field_name: str, field: FieldInfo | None, value: Any) -> Any:  # noqa: ANN401 - its base's
        """Decode what pydantic cannot make of a text; what is no good stays one, for it to refuse.

        A field that is annotated with `NoDecode` has a validator that decodes.
        """
        del field_name
        if not isinstance(value, str) or (field and NoDecode in field.metadata):
            return value
        return decode(value, field.annotation if field else None)


def decode(text: str, annotation: Any) -> object:  # noqa: ANN401 - any type
    """Read JSON; or `A,B` where a list is expected, and `a=1,b=2` where a mapping is."""
    try:
        value = from_json(text)
    except ValueError:
        value = text
    if isinstance(value, (list, dict)):
        return value
    members = [it for it in _members(annotation) if it is not type(None)]
    if value is None and len(members) < len(_members(annotation)):
        return None
    kind = get_origin(members[0]) or members[0] if len(members) == 1 else None
    if not isinstance(kind, type) or not issubclass(kind, Iterable) or text[:1] in "[{":
        return text
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not issubclass(kind, Mapping):
        return parts
    pairs = [part.partition("=") for part in parts]
    if not all(sign for _, sign, _ in pairs):
        return text
    return {key.strip(): entry.strip() for key, _, entry in pairs}


def _members(annotation: Any) -> list[Any]:  # noqa: ANN401 - any type
    """List what a type may be: of a union its members, of another one itself."""
    annotation = getattr(annotation, "__value__", annotation)  # of `type Name = ...`
    if get_origin(annotation) is Annotated:
        return _members(get_args(annotation)[0])
    if get_origin(annotation) in {Union, UnionType}:
        return [it for member in get_args(annotation) for it in _members(member)]
    return [annotation]
