"""The migrations of a feature that goes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from chassis.features.workspace import Workspace

FOLDER = "app/migrations"
TABLE = re.compile(r"""__tablename__ = ["'](\w+)["']""")
REVISION = re.compile(r"^revision = (.+)\ndown_revision = (.+)$", re.MULTILINE)
UPGRADE = re.compile(r'^def upgrade\(\) -> None:\n    """.*"""\n', re.MULTILINE)


def write_migration(workspace: Workspace, message: str) -> Path:
    """Generate the migration for the models of the copy, as `make migration` does; return its path.

    It compares with the new database of the copy; no other database is used.
    """
    before = {*_migrations(workspace)}
    workspace.run("app", "database", "upgrade")
    workspace.run("app", "database", "revision", "--autogenerate", "--message", message)
    (written,) = {*_migrations(workspace)} - before
    written.write_text(re.sub(r" *# ###.*\n", "", written.read_text("utf-8")), "utf-8")
    return written


def tables(folder: Path) -> list[str]:
    """Return the tables of the models in a folder."""
    return [it for path in folder.rglob("*.py") for it in TABLE.findall(path.read_text("utf-8"))]


def remove_tables(workspace: Workspace, names: list[str], *, deployed: bool) -> list[str]:
    """Remove tables without models: delete their migration, or add one; return what was done.

    A database that has run a migration needs it forever. So a migration stays if a release may have
    run it, or if another one changes its tables; then a new migration drops the tables.
    """
    quoted = rf"""["'](?:{"|".join(names)})["']"""
    naming = [it for it in _migrations(workspace) if re.search(quoted, it.read_text("utf-8"))]
    if not names or not naming:
        return []
    deployed = deployed or bool(workspace.git("tag", "--list", "*v[0-9]*"))
    if deployed or len(naming) > 1 or naming[0].read_text("utf-8").count("create_table(") > 1:
        listed = " and ".join(names)
        path = write_migration(workspace, f"drop {listed}")
        text, reason = path.read_text("utf-8"), "# squawk-ignore ban-drop-table: it was an example"
        path.write_text(UPGRADE.sub(lambda it: f"{it[0]}    {reason}\n", text), "utf-8")
        return [f"{FOLDER}/{path.name} drops {listed} when a release applies it: read it first."]
    for revision, before in REVISION.findall(naming[0].read_text("utf-8")):
        naming[0].unlink()
        for path in _migrations(workspace):
            text, follows = path.read_text("utf-8"), f"\ndown_revision = {revision}\n"
            path.write_text(text.replace(follows, f"\ndown_revision = {before}\n"), "utf-8")
    workspace.run("app", "database", "upgrade")
    workspace.run("app", "database", "check")
    said = f"{FOLDER}/{naming[0].name} is deleted: no release is tagged here. If a database that"
    said += f' you keep has run it: git checkout {FOLDER}; make migration m="drop {names[0]}"'
    local = ["dev.db has run it too: rm dev.db, and make run makes another one."]
    return [said, *(local if (workspace.root / "dev.db").exists() else [])]


def _migrations(workspace: Workspace) -> list[Path]:
    return sorted((workspace.copy / FOLDER).glob("[!_]*.py"))
