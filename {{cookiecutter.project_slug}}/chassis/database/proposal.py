"""Extends Alembic's autogenerate: creates and drops enums, keeps what no migration created."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from alembic.autogenerate import renderers
from alembic.operations import ops
from alembic.util import CommandError
from sqlalchemy import Enum, Table
from sqlalchemy.dialects import postgresql

from chassis.database.history import History
from chassis.database.rendering import is_type, render_item

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.autogenerate.api import AutogenContext
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import MetaData
    from sqlalchemy.schema import SchemaItem


class EnumOp(ops.MigrateOperation):
    """Creates or drops an enum, which is a type in PostgreSQL only."""

    def __init__(self, verb: Literal["add", "drop"], name: str, statements: list[str]) -> None:
        self.verb = verb
        self.name = name
        self.statements = statements

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return the tuple that a comparison shows."""
        return (f"{self.verb}_enum", self.name)


@renderers.dispatch_for(EnumOp)
def render(_: AutogenContext, operation: EnumOp) -> list[str]:
    """Render it as Python; the empty line ends the block."""
    texts = [statement.replace(":", r"\:") for statement in operation.statements]
    executed = [f"op.execute({text!r})" for text in texts]
    return ['if op.get_context().dialect.name == "postgresql":', *executed, ""]


class Proposal:
    """The migration from the schema to the models."""

    def __init__(self, metadata: MetaData, config: Config) -> None:
        self._metadata = metadata
        self._history = History(config.attributes["history"])
        self._may_be_empty = config.attributes["may_be_empty"]
        self._print_line = config.print_stdout

    def options(self) -> dict[str, Any]:
        """Return options of Alembic's context."""
        return {
            "include_object": self._is_ours,
            "render_item": render_item,
            "process_revision_directives": self._complete,
        }

    def _is_ours(
        self,
        item: SchemaItem,
        name: str | None,
        kind: str,
        reflected: bool,  # noqa: FBT001 - Alembic's signature
        compare_to: SchemaItem | None,
    ) -> bool:
        """Return whether to compare it; if only in the database, whether a migration created it."""
        if not reflected or compare_to is not None:
            return True
        table = item.name if isinstance(item, Table) else item.table.name  # type: ignore[attr-defined]
        if table.startswith(LIBRARY):  # if jobs
            return False  # if jobs
        ours = name is not None and self._history.creates(kind, table, name)
        if not ours:
            where = name if kind == "table" else f"{table}.{name}"
            self._print_line(f"leaves {kind.replace('_', ' ')} {where}: no migration creates it")
        return ours

    def _complete(
        self, _: MigrationContext, __: object, directives: list[ops.MigrationScript]
    ) -> None:
        """Add and drop enums; print every drop. Raises `CommandError` if nothing is left to do."""
        for script in directives:
            up, down = script.upgrade_ops_list[-1], script.downgrade_ops_list[-1]
            models = {item.name: item for item in _enums(self._metadata)}
            existing = self._history.enums()
            owned = [it for it in existing if it.startswith(LIBRARY)]  # if jobs
            existing = {it: existing[it] for it in existing if it not in owned}  # if jobs
            for name in sorted(models.keys() - existing.keys()):
                made = str(postgresql.CreateEnumType(models[name]).compile(dialect=DIALECT))
                up.ops.insert(0, EnumOp("add", name, [made]))
                down.ops.append(EnumOp("drop", name, [f"DROP TYPE {QUOTE(name)}"]))
            for name in sorted(existing.keys() - models.keys()):
                up.ops.append(EnumOp("drop", name, [f"DROP TYPE {QUOTE(name)}"]))
                down.ops.insert(0, EnumOp("add", name, existing[name]))
            for drop in _drops(up):
                self._print_line(f"drops {drop}")
            if up.is_empty() and not self._may_be_empty:
                raise CommandError(
                    "The models are what the migrations create, so nothing was written. Save the "
                    "change of the model first; ARGS=--empty writes a migration to fill in by hand."
                )


LIBRARY = "procrastinate_"  # if jobs
"""Prefix of tables and types of a library: migrations make them, no model does."""  # if jobs
DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
QUOTE = DIALECT.identifier_preparer.quote


def _enums(metadata: MetaData) -> Iterator[Any]:
    for table in metadata.tables.values():
        for column in table.columns:
            if isinstance(column.type, Enum) and is_type(column.type):
                yield column.type


def _drops(container: ops.OpContainer) -> Iterator[str]:
    for operation in container.ops:
        match operation:
            case ops.OpContainer():
                yield from _drops(operation)
            case ops.DropTableOp():
                yield f"table {operation.table_name}"
            case ops.DropColumnOp():
                yield f"column {operation.table_name}.{operation.column_name}"
            case ops.DropIndexOp():
                yield f"index {operation.index_name}"
            case ops.DropConstraintOp():
                yield f"constraint {operation.constraint_name}"
            case EnumOp(verb="drop"):
                yield f"type {operation.name}"
