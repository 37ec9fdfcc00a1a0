from __future__ import annotations

import pytest

from chassis.database.history import History

MADE = """
-- Running upgrade  -> 1, which creates table nothing

CREATE TABLE notes (
    id BIGINT NOT NULL,
    price NUMERIC(10, 2),
    "when" TIMESTAMP,
    CONSTRAINT uq_notes_id UNIQUE (id)
);
ALTER TABLE notes ADD COLUMN colour TEXT;
ALTER TABLE notes RENAME colour TO shade;
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS ix_notes_shade ON notes (shade);
create table if not exists public."Tags" (id bigint, word text);
ALTER TABLE "Tags" RENAME TO labels;
DROP INDEX ix_of_others;
ALTER TABLE notes DROP CONSTRAINT uq_of_others;
"""


@pytest.mark.parametrize(
    ("kind", "table", "name"),
    [
        *(("table", name, name) for name in ("notes", "Tags", "labels")),
        *(("column", "notes", name) for name in ("id", "price", "when", "colour", "shade")),
        ("column", "Tags", "word"),
        ("index", "notes", "ix_notes_shade"),
        ("unique_constraint", "notes", "uq_notes_id"),
    ],
)
def test_what_a_migration_creates_is_known(kind: str, table: str, name: str) -> None:
    assert History(MADE).creates(kind, table, name)


@pytest.mark.parametrize(
    ("kind", "table", "name"),
    [
        *(("table", name, name) for name in ("note", "nothing", "text", "shade", "spatial")),
        *(("column", "notes", name) for name in ("text", "word", "timestamp", "notes", "shad")),
        ("column", "note", "id"),
        ("index", "notes", "ix_of_others"),
        ("index", "notes", "ix_notes"),
        ("unique_constraint", "notes", "uq_of_others"),
    ],
)
def test_what_no_migration_creates_is_not(kind: str, table: str, name: str) -> None:
    assert not History(MADE).creates(kind, table, name)


def test_an_enum_is_as_its_statements_left_it() -> None:
    sql = """
    CREATE TYPE mood AS ENUM ('calm');
    ALTER TYPE mood ADD VALUE 'wild';
    create type "Size" as enum ('small');
    CREATE TYPE point AS (x INTEGER, y INTEGER);
    CREATE TYPE gone AS ENUM ('a');
    DROP TYPE IF EXISTS gone;
    """
    assert History(sql).enums() == {
        "mood": ["CREATE TYPE mood AS ENUM ('calm')", "ALTER TYPE mood ADD VALUE 'wild'"],
        "Size": ["create type \"Size\" as enum ('small')"],
    }
