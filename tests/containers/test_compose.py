"""`make up` on a fresh clone, again after a change, and twice side by side."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.containers.stack import ask, docker, eventually, health, inspect
from tests.containers.working import JSON, assert_works, is_scraped, query_prometheus, services

if TYPE_CHECKING:
    from tests.containers.stack import Stack

OWN = {"auth_secret_key", "cache_url", "database_url"}
SECRETS = {*(f"app/{name}" for name in OWN), "cache_users", "database_password"}
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


def test_everything_comes_up_on_a_fresh_clone(everything: Stack) -> None:
    assert_works(everything)
    revision = ask(everything.address, "/version").json()["revision"]
    assert revision == "unknown"  # there is no git here


def test_make_up_ends_with_where_everything_answers(everything: Stack) -> None:
    said = everything.make("up", "SECURITY_DOCS=true").splitlines()
    at = f"http://{everything.address.host}:{everything.address.port}"
    assert f"service        {at}" in said
    assert f"documentation  {at}/docs" in said
    assert ask(everything.address, "/docs").status == 200
    prometheus = everything.compose("port", "prometheus", "9090").strip()
    assert f"Prometheus     http://{prometheus}" in said
    for named in ("--profile grafana", "the migration container has exited, as expected"):
        assert any(named in line for line in said)
    assert any("documentation  off" in line for line in everything.make("up").splitlines())


def test_an_image_is_made_where_there_is_no_git_to_tell_a_time_or_revision(
    everything: Stack,
) -> None:
    other = f"{everything.project}-alone"
    everything.make("image", f"IMAGE={other}")
    try:
        labels = inspect(other)["Config"]["Labels"]
        assert labels["org.opencontainers.image.revision"] == ""
        assert not inspect(other)["Created"].startswith("1970")
    finally:
        docker("image", "rm", "--force", other)


def test_child_processes_whose_parent_has_ended_are_reaped(everything: Stack) -> None:
    (web,) = everything.compose("ps", "--quiet", "web").split()
    docker("exec", web, "sh", "-c", "for i in 1 2 3; do sh -c 'sleep 0.2 & exit'; done")
    time.sleep(1)
    states = docker("exec", web, "sh", "-c", "cat /proc/[0-9]*/stat 2>/dev/null; true")
    assert not [line for line in states.splitlines() if line.rpartition(")")[2].split()[0] == "Z"]


def test_prometheus_finds_every_replica_and_evaluates_every_rule(everything: Stack) -> None:
    def judged() -> bool:
        groups = query_prometheus(everything, "rules")["groups"]
        files = {Path(group["file"]).name for group in groups}
        expected = {file.name for file in (everything.path / "monitoring" / "rules").glob("*.yaml")}
        rules = [rule for group in groups for rule in group["rules"]]
        return files == expected and all(rule["health"] == "ok" for rule in rules)

    eventually(lambda: is_scraped(everything))
    eventually(judged)


def test_grafana_is_given_what_is_there_and_only_if_asked_for(everything: Stack) -> None:
    shown = everything.compose("--profile", "grafana", "config", "--format", "json")
    grafana = json.loads(shown)["services"]["grafana"]
    assert [port["host_ip"] for port in grafana["ports"]] == ["127.0.0.1"]
    mounted = {it["target"]: Path(it["source"]) for it in grafana["volumes"]}
    assert list(mounted["/etc/grafana/provisioning"].glob("*/*.yaml"))
    home = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (mounted["/etc/grafana/dashboards"] / Path(home).name).is_file()
    assert not everything.containers("grafana")


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
    files = {str(it.relative_to(folder)): it for it in folder.rglob("*") if it.is_file()}
    before = {name: file.read_text() for name, file in files.items()}
    assert set(before) == SECRETS
    everything.make("up")
    assert {name: file.read_text() for name, file in files.items()} == before
    password = before["database_password"].strip()
    assert len(password) == 64
    shown = everything.compose("config") + everything.compose("logs") + str(services(everything))
    assert password not in shown
    assert before["app/cache_url"].split(":")[2].split("@")[0] not in shown


def test_a_secret_setting_is_a_file_that_only_the_service_gets(everything: Stack) -> None:
    folder = everything.path / ".secrets" / "app"
    new = {"auth_previous_secret_key", "health_token"}
    try:
        for name in new:
            (folder / name).write_text("a value of at least thirty-two bytes\n")
            (folder / name).chmod(0o600)  # as under `umask 077`
        everything.make("up")
        everything.compose("up", "--detach", "--wait", "--force-recreate", "web")
        web = everything.containers("web")[0]
        assert set(docker("exec", web, "ls", "/run/secrets").split()) == OWN | new
        shown = docker("exec", web, "python", "-m", "app", "settings").splitlines()
        for name in new:
            (line,) = (it for it in shown if it.startswith(f"{name.upper()}="))
            assert line.split() == [f"{name.upper()}=**********", "/run/secrets"]
        database = everything.containers("database")[0]
        assert docker("exec", database, "ls", "/run/secrets").split() == ["database_password"]
    finally:
        for name in new:
            (folder / name).unlink()
    everything.compose("up", "--detach", "--wait", "--force-recreate", "web")
    assert_works(everything)


def test_settings_of_containers_have_one_place_and_can_be_seen(everything: Stack) -> None:
    env, file = everything.path / ".env", everything.path / "compose" / "blueprints.yaml"
    before = file.read_text()
    try:
        env.write_text("ALLOWED_HOSTS=localhost,127.0.0.1\nDATABASE_STATEMENT_TIMEOUT_SECONDS=5\n")
        said = everything.make("up")
        assert "no compose file reads these of .env: DATABASE_STATEMENT_TIMEOUT_SECONDS\n" in said
        assert shown(everything, "DATABASE_STATEMENT_TIMEOUT_SECONDS") == "10 default of production"
        line = "      ENVIRONMENT: production\n"
        assert line in before
        added = f'{line}      DATABASE_STATEMENT_TIMEOUT_SECONDS: "5"\n'
        file.write_text(before.replace(line, added))
        everything.make("up")
        assert shown(everything, "DATABASE_STATEMENT_TIMEOUT_SECONDS") == "5 the environment"
    finally:
        env.unlink()
        file.write_text(before)
        everything.make("up")


def shown(stack: Stack, name: str) -> str:
    """Return what `make live-settings` says of a variable: value and source."""
    (line,) = (it for it in stack.make("live-settings").splitlines() if it.startswith(f"{name}="))
    return " ".join(line.removeprefix(f"{name}=").split())


def test_a_second_up_runs_the_new_migration_and_keeps_the_data(everything: Stack) -> None:
    title = f"kept-{time.time()}"
    place = ask(everything.address, "/notes", "POST", f'{{"title": "{title}"}}', **JSON)
    versions = everything.path / "app" / "migrations"
    head = next(it for it in versions.glob("2*.py")).read_text().split('revision = "')[1][:12]
    new = versions / "2026_11_23_add_colour.py"
    new.write_text(MIGRATION.replace("{head}", head))
    everything.make("up")
    assert_works(everything)
    said = docker("logs", everything.containers("migrate")[0])
    assert said.splitlines()[-1] == "schema is up to date: revision 0123456789ab"
    assert ask(everything.address, place.headers["location"]).json()["title"] == title


def test_two_copies_run_side_by_side(everything: Stack, tmp_path: Path) -> None:
    with everything.copy(tmp_path / "orders").up() as other:
        assert_works(other)
        assert_works(everything)
        assert other.address != everything.address
        note = f'{{"title": "only-here-{time.time()}"}}'
        for one in (other, everything):
            assert ask(one.address, "/notes", "POST", note, **JSON).status == 201


def test_everything_goes_down_cleanly_and_comes_back_with_its_data(everything: Stack) -> None:
    title = f"back-{time.time()}"
    ask(everything.address, "/notes", "POST", f'{{"title": "{title}"}}', **JSON)
    assert set(everything.stop().values()) == {0}
    everything.make("down")
    assert everything.containers() == []
    everything.make("up")
    assert_works(everything)
    assert title in ask(everything.address, "/notes").body
    assert health(everything.containers("web")[0]) == "healthy"
