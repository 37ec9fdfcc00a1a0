"""What every table has in common: one catalogue, and names for constraints that never change."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""A migration can only drop what has a name that is the same on every server."""


class Base(DeclarativeBase):
    """Every table of the service, wherever its class stands, is in `Base.metadata`."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMES)
