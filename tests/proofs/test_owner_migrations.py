"""The first migrations of an owner, one after the other, with the service's own stages after each.

Each is written by `make migration` after a change of the models, or by hand where the documents say
so. It is linted, applied, reverted and applied again, on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import re
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.proofs.carved import Carved
from tests.proofs.servers import postgres, sql

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FEATURES = ("metrics", "cache", "outbound", "tracing", "errors", "auth", "docker")
NOWHERE = {"ci": "none", "deployment": "none"}
MODELS = "app/notes/models.py"
ROUTES = "app/notes/routes.py"
TEXT = "    text: Mapped[str] = mapped_column(Text)\n"
INDEXED = "    text: Mapped[str] = mapped_column(Text, index=True)\n"
NULLABLE = "    text: Mapped[str | None] = mapped_column(Text, index=True)\n"
TAGS = '''

class Tag(Base):
    """A word that notes are found by."""

    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True
    )
    word: Mapped[str] = mapped_column(Text, unique=True)
'''
MOOD = '''class Mood(enum.Enum):
    """What a note is like."""

    CALM = "calm"
    WILD = "wild"


class Note(Base):'''
FOREIGN = "CREATE TABLE reports (id INTEGER PRIMARY KEY)"
"""What another program keeps in the same database."""
UP_DOWN_UP = """
from app.__main__ import main

for arguments in (["upgrade"], ["downgrade", "-1"], ["upgrade"]):
    assert main(["database", *arguments]) == 0, arguments
"""


class Owner:
    """Whoever changes a service that has a database of either kind."""

    def __init__(self, service: Carved, server: str) -> None:
        self.service = service
        self.databases = {"sqlite": "sqlite:///dev.db", "postgresql": server}
        self.documented = re.findall(
            r"^```python\n(.*?)^```",
            (service.path / "docs" / "expand-and-contract.md").read_text(),
            re.MULTILINE | re.DOTALL,
        )

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a text that is there once."""
        file = self.service.path / path
        text = file.read_text()
        assert text.count(old) == 1, (path, old)
        file.write_text(text.replace(old, new))

    def write(self, what: str, database: str = "sqlite", arguments: str = "") -> Path:
        """Let `make migration` write the next one; what it says is in `said`."""
        ended = self.service.run(
            "make",
            "migration",
            f"m={what}",
            f"ARGS={arguments}",
            DATABASE_URL=self.databases[database],
        )
        self.said = ended.stdout
        (file,) = self.versions().glob(f"*_{what.replace(' ', '_')}.py")
        assert "reports" not in file.read_text()
        return file

    def versions(self) -> Path:
        """Folder of the migrations."""
        return self.service.path / "app" / "migrations"

    def accept(self) -> None:
        """Lint what was written, and try it on both databases at once."""
        self.service.run("make", "lint")
        with ThreadPoolExecutor() as threads:
            list(threads.map(self.apply, self.databases))

    def apply(self, name: str) -> None:
        """Take one database up, down and up again; run the tests of migrations on such a one."""
        program = (str(self.service.python), "-c", UP_DOWN_UP)
        self.service.run(*program, DATABASE_URL=self.databases[name])
        tests = "tests/test_migrations.py app/notes"
        self.service.run("make", "test", f"ARGS=-q {tests}", **self.on(name))

    def on(self, name: str) -> dict[str, str]:
        """Variables that let the tests run on a kind of database."""
        return {} if name == "sqlite" else {"TEST_DATABASE_URL": self.databases[name]}


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Owner]:
    answers = {**dict.fromkeys(FEATURES, False), **NOWHERE}
    service = Carved.make(tmp_path_factory.mktemp("owner"), **answers).sync()
    with postgres() as server:
        sql(server.url, "CREATE DATABASE owned")
        owner = Owner(service, server.url.removesuffix("postgres") + "owned")
        for url in owner.databases.values():
            service.run("make", "migrate", DATABASE_URL=url)
        sql(owner.databases["postgresql"], FOREIGN)
        with closing(sqlite3.connect(service.path / "dev.db")) as connection:
            connection.execute(FOREIGN)
        yield owner


def nothing(owner: Owner) -> None:
    with pytest.raises(AssertionError, match="nothing was written"):
        owner.write("nothing yet")


def a_table(owner: Owner) -> None:
    models = owner.service.path / MODELS
    models.write_text(models.read_text() + TAGS)
    lines = owner.write("create tags").read_text().splitlines()
    assert max(map(len, lines)) <= 100


def a_nullable_column(owner: Owner) -> None:
    owner.edit(MODELS, TEXT, TEXT + "    colour: Mapped[str | None] = mapped_column(Text)\n")
    owner.write("add colour")


def an_index_beside_traffic(owner: Owner) -> None:
    owner.edit(MODELS, TEXT, INDEXED)
    file = owner.write("index text")
    head = file.read_text().partition("def upgrade")[0]
    documented = (code for code in owner.documented if "postgresql_concurrently" in code)
    file.write_text(head + "\n\n".join(documented))


def an_enum(owner: Owner) -> None:
    owner.edit(MODELS, "from sqlalchemy import", "import enum\n\nfrom sqlalchemy import")
    owner.edit(MODELS, "class Note(Base):", MOOD)
    owner.edit(MODELS, INDEXED, INDEXED + "    mood: Mapped[Mood | None]\n")
    text = owner.write("add mood", "postgresql").read_text()
    assert "DROP TYPE mood" in text


def a_rename_expands(owner: Owner) -> None:
    owner.edit(MODELS, INDEXED, INDEXED + "    body: Mapped[str | None] = mapped_column(Text)\n")
    owner.edit(ROUTES, "**draft.model_dump()", "**draft.model_dump(), body=draft.text")
    owner.edit(
        ROUTES, "note.text = draft.title, ", "note.text, note.body = draft.title, draft.text, "
    )
    owner.write("add body")


def a_rename_fills(owner: Owner) -> None:
    owner.edit(
        ROUTES,
        "    id: int\n    title: str\n    text: str\n",
        "    id: int\n    title: str\n"
        '    text: str = Field(validation_alias=AliasChoices("body", "text"))\n',
    )
    owner.edit(
        ROUTES,
        "import BaseModel, ConfigDict, ",
        "import AliasChoices, BaseModel, ConfigDict, Field, ",
    )
    file = owner.write("fill body", arguments="--empty")
    (documented,) = (code for code in owner.documented if "UPDATE notes" in code)
    statement = documented.splitlines()[-1]
    empty = 'release keeps working."""\n'
    owner.edit(str(file), empty, f"{empty}{statement}\n")
    owner.edit(
        str(file),
        "from __future__ import annotations\n",
        "from __future__ import annotations\n\nfrom alembic import op\n",
    )


def a_rename_lets_go(owner: Owner) -> None:
    owner.edit(MODELS, INDEXED, NULLABLE)
    owner.edit(ROUTES, "**draft.model_dump(), body=", "title=draft.title, body=")
    owner.edit(
        ROUTES, "note.text, note.body = draft.title, draft.text, ", "note.body = draft.title, "
    )
    file = owner.write("let text be null")
    excuse(file, "ban-drop-not-null")


def a_rename_contracts(owner: Owner) -> None:
    owner.edit(MODELS, NULLABLE, "")
    file = owner.write("drop text")
    assert {"drops column notes.text", "drops index ix_notes_text"} <= set(owner.said.splitlines())
    with pytest.raises(AssertionError, match="ban-drop-column"):
        owner.accept()
    excuse(file, "ban-drop-column", "require-concurrent-index-deletion")


def excuse(file: Path, *rules: str) -> None:
    """Say in a migration why it may break rules of the linter."""
    before, upgrade, after = file.read_text().partition("def upgrade() -> None:\n")
    said = [f"    # squawk-ignore {rule}: no release that runs names it\n" for rule in rules]
    file.write_text("".join((before, upgrade, *said, after)))


STEPS = (
    nothing,
    a_table,
    a_nullable_column,
    an_index_beside_traffic,
    an_enum,
    a_rename_expands,
    a_rename_fills,
    a_rename_lets_go,
    a_rename_contracts,
)


@pytest.mark.timeout(1200)
def test_the_first_migrations_of_an_owner_pass_every_stage(owner: Owner) -> None:
    for step in STEPS:
        began = time.monotonic()
        step(owner)
        owner.accept()
        print(f"{step.__name__}: {time.monotonic() - began:.0f} s")  # noqa: T201 - the figure
    began = time.monotonic()
    owner.service.run("make", "ci", "STAGES=lint types test")
    owner.service.run("make", "test", "ARGS=-q app/notes", **owner.on("postgresql"))
    print(f"lint, types and test: {time.monotonic() - began:.0f} s")  # noqa: T201 - the same
