"""`make up` on a fresh clone, again after a change, twice side by side, and with each part off."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.containers.stack import Stack, ask, docker, health, inspect

if TYPE_CHECKING:
    from pathlib import Path

JSON = {"Content_Type": "application/json"}
SECRETS = {"auth_secret_key", "cache_url", "cache_users", "database_password", "database_url"}
MIGRATION = """\
\"\"\"Add colour to notes.\"\"\"

import sqlalchemy as sa
from alembic import op

revision = "0123456789ab"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notes", sa.Column("colour", sa.Text))


def downgrade() -> None:
    op.drop_column("notes", "colour")
"""
FEATURES = ("metrics", "database", "cache", "outbound", "tracing", "auth")
NOTHING = dict.fromkeys(FEATURES, False)
OFF: dict[str, tuple[dict[str, Any], set[str]]] = {
    "without metrics": ({"metrics": False}, {"cache", "database", "migrate", "proxy", "web"}),
    "without a database": ({"database": False}, {"cache", "prometheus", "proxy", "web"}),
    "without a cache": ({"cache": False}, {"database", "migrate", "prometheus", "proxy", "web"}),
    "the smallest": (NOTHING, {"proxy", "web"}),
}
"""Answers, and the services that this leaves."""


def services(stack: Stack) -> dict[str, dict[str, Any]]:
    """What the engine knows of each container, by service."""
    known = map(inspect, stack.containers())
    return {it["Config"]["Labels"]["com.docker.compose.service"]: it for it in known}


def works(stack: Stack) -> None:
    """Everything is healthy, answers from outside, and is migrated."""
    for name, state in services(stack).items():
        if name == "migrate":
            assert (state["State"]["Status"], state["State"]["ExitCode"]) == ("exited", 0)
        else:
            assert state["State"]["Health"]["Status"] == "healthy", name
    assert ask(stack.address, "/greetings/ada").body == '{"text":"Hello, ada!"}'
    assert ask(stack.address, "/version").json()["name"] == "orders"
    if (stack.path / "app" / "notes").exists():
        written = ask(stack.address, "/notes", "POST", f'{{"title": "{time.time()}"}}', **JSON)
        assert written.status == 201, written


def test_everything_comes_up_on_a_fresh_clone(everything: Stack) -> None:
    works(everything)
    revision = ask(everything.address, "/version").json()["revision"]
    assert revision == "unknown"  # there is no git here


def test_no_container_can_write_gain_rights_or_fill_the_disk(everything: Stack) -> None:
    for name, known in services(everything).items():
        host = known["HostConfig"]
        assert host["ReadonlyRootfs"], name
        assert host["CapDrop"] == ["ALL"], name
        assert not host["CapAdd"], name
        assert host["SecurityOpt"] == ["no-new-privileges:true"], name
        assert host["Memory"] > 0, name
        assert host["NanoCpus"] > 0, name
        assert host["PidsLimit"] > 0, name
        assert host["LogConfig"]["Config"] == {"max-file": "3", "max-size": "10m"}, name
        policy = "no" if name == "migrate" else "unless-stopped"
        assert host["RestartPolicy"]["Name"] == policy, name
        user = docker("exec", known["Name"], "id", "-u") if known["State"]["Running"] else "10001"
        assert user != "0", name


def test_the_secrets_are_made_once_and_shown_nowhere(everything: Stack) -> None:
    folder = everything.path / ".secrets"
    assert folder.stat().st_mode & 0o777 == 0o700
    before = {file.name: file.read_text() for file in folder.iterdir()}
    assert set(before) == SECRETS
    everything.make("up")
    assert {file.name: file.read_text() for file in folder.iterdir()} == before
    password = before["database_password"].strip()
    assert len(password) == 64
    shown = everything.compose("config") + everything.compose("logs") + str(services(everything))
    assert password not in shown
    assert before["cache_url"].split(":")[2].split("@")[0] not in shown


def test_a_second_up_runs_the_new_migration_and_keeps_the_data(everything: Stack) -> None:
    title = f"kept-{time.time()}"
    place = ask(everything.address, "/notes", "POST", f'{{"title": "{title}"}}', **JSON)
    versions = everything.path / "app" / "database" / "migrations" / "versions"
    head = next(it for it in versions.glob("2*.py")).read_text().split('revision = "')[1][:12]
    new = versions / "2026_11_23_add_colour.py"
    new.write_text(MIGRATION.replace("{head}", head))
    everything.make("up")
    works(everything)
    said = docker("logs", everything.containers("migrate")[0])
    assert said.splitlines()[-1] == "0123456789ab (head)"
    assert ask(everything.address, place.headers["location"]).json()["title"] == title


def test_two_copies_run_side_by_side(everything: Stack, tmp_path: Path) -> None:
    with everything.copy(tmp_path / "orders").up() as other:
        works(other)
        works(everything)
        assert other.address != everything.address
        note = f'{{"title": "only-here-{time.time()}"}}'
        for one in (other, everything):
            assert ask(one.address, "/notes", "POST", note, **JSON).status == 201


@pytest.mark.parametrize("name", OFF)
def test_it_works_without_what_is_off_and_goes_down_cleanly(name: str, tmp_path: Path) -> None:
    answers, expected = OFF[name]
    with Stack.carve(tmp_path, **answers).up() as stack:
        assert set(services(stack)) == expected
        works(stack)
        began = time.monotonic()
        assert set(stack.stop().values()) == {0}
        assert time.monotonic() - began < 35
        stack.make("down")
        assert stack.containers() == []


def test_everything_goes_down_cleanly_and_comes_back_with_its_data(everything: Stack) -> None:
    title = f"back-{time.time()}"
    ask(everything.address, "/notes", "POST", f'{{"title": "{title}"}}', **JSON)
    assert set(everything.stop().values()) == {0}
    everything.make("down")
    assert everything.containers() == []
    everything.make("up")
    works(everything)
    assert title in ask(everything.address, "/notes").body
    assert health(everything.containers("web")[0]) == "healthy"
