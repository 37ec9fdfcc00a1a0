"""The base of all models: one `MetaData`, and a naming convention for constraints."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""Migrations drop constraints by name, so names must be the same on every server."""


class Base(DeclarativeBase):
    """Base class of models; every table of the service is in `Base.metadata`."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMING_CONVENTION)
