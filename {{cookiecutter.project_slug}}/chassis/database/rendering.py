"""Renders in a migration what Alembic would write for one kind of database only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from sqlalchemy import BindParameter, DefaultClause, Enum, False_, True_
from sqlalchemy.sql.functions import now

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


def render_item(kind: str, item: object, context: AutogenContext) -> str | Literal[False]:
    """Render a default by its name, and an enum's column so that it does not create the enum."""
    if kind == "server_default" and isinstance(item, DefaultClause):
        return _render_default(item.arg)
    if kind != "type" or not isinstance(item, Enum) or not is_type(item):
        return False
    context.imports.add("from sqlalchemy.dialects import postgresql")
    values = ", ".join(map(repr, item.enums))
    other = f"postgresql.ENUM(name={item.name!r}, create_type=False)"
    return f"sa.Enum({values}, name={item.name!r}).with_variant({other}, 'postgresql')"


def is_type(enum: Enum) -> bool:
    """Return whether it is a type in PostgreSQL, which a migration creates and drops."""
    return bool(enum.native_enum and enum.name and not enum.schema)


def _render_default(value: object) -> str | Literal[False]:
    match value:
        case True_() | BindParameter(value=True):
            return "sa.true()"
        case False_() | BindParameter(value=False):
            return "sa.false()"
        case now():
            return "sa.func.now()"
    return False
