from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import text

from chassis.database.engines import create_migration_engine, create_probe_engine
from chassis.database.migrator import config, migrate
from chassis.database.schema import Schema, SchemaTooOld
from chassis.testing.database import needs_a_migration

if TYPE_CHECKING:
    from chassis.database import Database


@needs_a_migration
async def test_pending_migrations_are_counted_when_somebody_looks(empty: Database) -> None:
    engine = create_probe_engine(empty, "t")
    schema = Schema(engine)
    assert isnan(schema.pending)
    with pytest.raises(SchemaTooOld):
        await schema.check()
    assert schema.pending == len(list(ScriptDirectory.from_config(config()).walk_revisions())) > 0
    await migrate(empty, lambda config: command.upgrade(config, "head"))
    await schema.check()
    assert schema.pending == 0
    await engine.dispose()


async def test_a_newer_schema_lacks_nothing(database: Database) -> None:
    engine, other = create_probe_engine(database, "t"), create_migration_engine(database, "t")
    async with other.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = 'later'"))
    schema = Schema(engine)
    await schema.check()
    assert schema.pending == 0
    await engine.dispose()
    await other.dispose()
