"""Finds in the SQL of all migrations what they create: autogenerate drops nothing else."""

from __future__ import annotations

import re

TABLE = r"(?:create (?:\w+ )*table (?:if not exists )?{table}|alter table .* rename to {table}$)"
COLUMN = (
    r"(?:create (?:\w+ )*table (?:if not exists )?{table}(?= ?\().*?[(,] ?"
    r"|alter table (?:only |if exists )*{table} (?:.*, ?)?add (?:column )?(?:if not exists )?"
    r"|alter table (?:only |if exists )*{table} rename (?:column )?\S+ to ){name}"
)
OTHER = (
    r"(?:create (?:unique )?index|(?<!drop )constraint)"
    r" (?:concurrently )?(?:if not exists )?{name}"
)
CHANGE_OF_TYPE = r'(create|alter|drop) type (?:if exists )?"?(\w+)"?'


class History:
    """All migrations, as the statements that they send to PostgreSQL."""

    def __init__(self, sql: str) -> None:
        """Split them into statements, without comments."""
        statements = re.sub(r"--.*", "", sql).split(";")
        self._statements = [" ".join(statement.split()) for statement in statements]

    def creates(self, kind: str, table: str, name: str) -> bool:
        """Return whether a migration creates this table, column, index or constraint."""
        pattern = {"table": TABLE, "column": COLUMN}.get(kind, OTHER)
        return any(_search(pattern, statement, table, name) for statement in self._statements)

    def enums(self) -> dict[str, list[str]]:
        """Return the enums that exist after the last migration, each with its statements."""
        found: dict[str, list[str]] = {}
        for statement in self._statements:
            match = re.match(CHANGE_OF_TYPE, statement, re.IGNORECASE)
            verb, name = (match[1].lower(), match[2]) if match else ("", "")
            if verb == "drop":
                found.pop(name, None)
            elif verb == "alter" and name in found:
                found[name].append(statement)
            elif verb == "create" and " as enum" in statement.lower():
                found[name] = [statement]
        return found


def _search(pattern: str, statement: str, table: str, name: str) -> re.Match[str] | None:
    words = {"table": _word(table), "name": _word(name)}
    return re.search(pattern.format(**words), statement, re.IGNORECASE)


def _word(name: str) -> str:
    return rf'(?:"?\w+"?\.)?"?{re.escape(name)}"?(?!\w)'
