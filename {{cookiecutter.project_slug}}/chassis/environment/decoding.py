"""Decodes lists, mappings and models from JSON, or from the short forms `A,B` and `a=1,b=2`."""

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
    """Settings source for variables that were already read; decoding raises no errors."""

    def __init__(self, environment: type[BaseSettings], given: Mapping[str, str]) -> None:
        """Take the variables by their names in lower case."""
        super().__init__(environment)
        self.env_vars = given

    def decode_complex_value(self, field_name: str, field: FieldInfo | None, value: Any) -> Any:  # noqa: ANN401 - its base's
        """Decode a complex value; text that cannot be decoded is left for pydantic to reject.

        A field that is annotated with `NoDecode` has a validator that decodes it.
        """
        del field_name
        if not isinstance(value, str) or (field and NoDecode in field.metadata):
            return value
        return decode(value, field.annotation if field else None)


def decode(text: str, annotation: Any) -> object:  # noqa: ANN401 - any type
    """Decode JSON; or `A,B` where a list is expected, and `a=1,b=2` where a mapping is."""
    try:
        value = from_json(text)
    except ValueError:
        value = text
    if isinstance(value, (list, dict)):
        return value
    members = [it for it in _union_members(annotation) if it is not type(None)]
    if value is None and len(members) < len(_union_members(annotation)):
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


def _union_members(annotation: Any) -> list[Any]:  # noqa: ANN401 - any type
    """List the members of a union; any other type is its own only member."""
    annotation = getattr(annotation, "__value__", annotation)  # of `type Name = ...`
    if get_origin(annotation) is Annotated:
        return _union_members(get_args(annotation)[0])
    if get_origin(annotation) in {Union, UnionType}:
        return [it for member in get_args(annotation) for it in _union_members(member)]
    return [annotation]
