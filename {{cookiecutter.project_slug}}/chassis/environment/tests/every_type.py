"""An owner's feature with a field of each type that one might think of."""

from __future__ import annotations

import enum
import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from ipaddress import IPv4Network
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    HttpUrl,
    ImportString,
    Json,
    SecretStr,
    StrictBool,
    StrictInt,
    field_validator,
)
from pydantic_settings import SettingsConfigDict
from typing_extensions import TypedDict  # pydantic takes no other before Python 3.12

from chassis.environment import Environment, Names
from chassis.service import Feature


class Colour(enum.Enum):
    RED = "red"


class Address(BaseModel):
    street: str
    number: int = 1
    key: SecretStr | None = None


@dataclass
class Point:
    x: int


class Pair(NamedTuple):
    a: int
    b: str


class Typed(TypedDict):
    a: int


def _broken(value: str) -> str:
    return {"good": value}[value]  # a KeyError, which pydantic lets through


class Shop(Feature):
    """One field of each type that an owner might think of."""

    text: str = ""
    number: int = 0
    share: float = 0.0
    exact: Decimal = Decimal(0)
    switch: bool = False
    tags: list[str] = Field(default=[])
    numbers: list[int] = Field(default=[])
    nested: list[list[int]] = Field(default=[])
    tokens: list[SecretStr] = Field(default=[])
    addresses: list[Address] = Field(default=[])
    words: set[str] = Field(default=set())
    frozen: frozenset[int] = frozenset()
    row: tuple[int, str] = (1, "a")
    rows: tuple[int, ...] = ()
    sequence: Sequence[str] = ()
    queue: deque[int] = Field(default=deque())
    names: Names = ()
    labels: dict[str, str] = Field(default={})
    limits: dict[str, int] = Field(default={})
    mapping: Mapping[str, list[int]] = Field(default={})
    address: Address = Address(street="a")
    point: Point | None = None
    pair: Pair = Pair(1, "a")
    typed: Typed | None = None
    maybe: list[int] | None = None
    either: int | list[int] = 0
    strict: StrictInt | StrictBool = False
    models: Address | dict[str, int] = Field(default={})
    decoded: Json[list[int]] | None = None
    colour: Colour = Colour.RED
    level: Literal["low", "high"] = "low"
    secret: SecretStr = SecretStr("")
    path: Path = Path()
    span: timedelta = timedelta()
    network: IPv4Network = IPv4Network("10.0.0.0/8")
    identity: UUID = UUID(int=0)
    zone: ZoneInfo | None = None
    pattern: re.Pattern[str] = re.compile("a")
    url: HttpUrl | None = None
    imported: ImportString[Any] = None
    anything: Any = None
    raw: bytes = b""
    quoting: Annotated[str, AfterValidator(lambda it: it)] = ""
    broken: Annotated[str, AfterValidator(_broken)] = "good"

    @field_validator("quoting")
    @classmethod
    def _is_short(cls, value: str) -> str:
        if len(value) > 1:
            raise ValueError(f"{value!r} is too long, {value}")
        return value


class Local(Environment):
    """Where an owner runs it."""

    model_config = SettingsConfigDict(secrets_dir=None)
    reads_files = True
    shop: Shop = Shop()
