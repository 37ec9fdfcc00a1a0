"""Makes typed records of what TOML or JSON says, and names every place where it does not fit."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields, is_dataclass
from difflib import get_close_matches
from functools import cache
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

Record = TypeVar("Record")
KINDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


class Misfits(ValueError):  # noqa: N818 - several of them
    """What did not fit, one sentence each."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("\n".join(sentences))


@dataclass(frozen=True)
class Within:
    """Bounds of a number, both included."""

    least: float
    most: float


@cache
def _hints(kind: Any) -> dict[str, Any]:  # noqa: ANN401 - a dataclass
    return get_type_hints(kind, include_extras=True)


def read(kind: type[Record], value: object, where: str) -> Record:
    """Make a record of parsed data. Raises Misfits that name every fault at once."""
    reader = Reader()
    made = reader.read(kind, value, where)
    if reader.faults:
        raise Misfits(reader.faults)
    return cast("Record", made)


class Reader:
    """Reads, and keeps what it stumbles over."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def read(self, kind: Any, value: object, where: str) -> Any:  # noqa: ANN401, PLR0911 - any kind
        """Make `kind` of a value; None where it does not fit, which is then among the faults."""
        origin, inner = get_origin(kind), get_args(kind)
        if origin is Annotated:
            made = self.read(inner[0], value, where)
            return self._bounded(made, inner[1], where)
        if origin in {Union, UnionType}:
            return self._one_of(inner, value, where)
        if origin is Literal:
            choices = ", ".join(map(repr, inner))
            return value if value in inner else self._fault(where, f"{value!r} is not {choices}")
        if origin is tuple and isinstance(value, list):
            return tuple(self.read(inner[0], it, f"{where}[{n}]") for n, it in enumerate(value))
        if is_dataclass(kind) and isinstance(value, dict):
            return self._record(kind, value, where)
        if kind is float and type(value) is int:
            return float(value)
        if type(value) is kind:
            return value
        wanted = KINDS.get(kind) or ("a list" if origin is tuple else "a table")
        return self._fault(where, f"{value!r} is not {wanted}")

    def _record(self, kind: Any, table: Mapping[str, object], where: str) -> Any:  # noqa: ANN401
        hints = _hints(kind)
        faults = len(self.faults)
        for name in table.keys() - hints.keys():
            near = get_close_matches(name, hints, 1) or [", ".join(hints)]
            self._fault(f"{where}.{name}", f"there is no such key; there is {near[0]}")
        for field in fields(kind):
            needed = field.default is MISSING and field.default_factory is MISSING
            if needed and field.name not in table:
                self._fault(f"{where}.{field.name}", "is missing")
        given = {
            name: self.read(hints[name], value, f"{where}.{name}")
            for name, value in table.items()
            if name in hints
        }
        if len(self.faults) > faults:
            return None
        try:
            return kind(**given)
        except ValueError as error:
            return self._fault(where, str(error))

    def _one_of(self, kinds: tuple[Any, ...], value: object, where: str) -> Any:  # noqa: ANN401
        if value is None and NoneType in kinds:
            return None
        named = [kind for kind in kinds if kind is not NoneType]
        if len(named) > 1 and isinstance(value, dict):
            named = [kind for kind in named if value.get("is_a") == kind.is_a] or named
        return self.read(named[0], value, where)

    def _bounded(self, number: Any, bounds: Within, where: str) -> Any:  # noqa: ANN401
        if number is None or bounds.least <= number <= bounds.most:
            return number
        between = f"between {bounds.least:g} and {bounds.most:g}"
        return self._fault(where, f"{number!r} is not {between}")

    def _fault(self, where: str, what: str) -> None:
        self.faults.append(f"{where}: {what}.")
