"""`make feature` and `make remove-examples`: what they leave passes every stage, or is refused."""

from __future__ import annotations

import json
import re
import textwrap
import time
from contextlib import closing
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest

from tests.proofs.carved import Carved
from tests.proofs.json_server import serve_json
from tests.proofs.test_own_tests import NOTHING, NOWHERE
from tests.proofs.test_pipelines import GIT_IDENTITY, attempt

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = {"plain": "customer_orders", "table": "companies", "client": "addresses"}
ODD = {"metrics": False, "auth": False, "cache": False, "docker": False, **NOWHERE}
"""Options that templates of features could rely on without meaning to."""
EXAMPLES = re.compile(
    r"(?i:greeting|reminder)|\bapp[./](notes|quotes)|(NOTES|QUOTES)_|Quotes|Notes\b"
)
NAMED_BY = ("app", "compose", "deploy", "tests", "README.md", "AGENTS.md", "docs", ".env.example")


def carve(where: Path, environment: Path, **answers: bool | str) -> Carved:
    """Carve a service with an environment that others share, and commit it."""
    carved = Carved.make(where, **answers)
    (carved.path / ".venv").symlink_to(environment)
    carved.run("uv", "sync", "--quiet")
    commit(carved, "First")
    return carved


def commit(service: Carved, message: str) -> None:
    service.run("git", "init", "--quiet")
    service.run("git", "add", "--all")
    service.run("git", "commit", "--quiet", "--message", message, **GIT_IDENTITY)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("environment") / ".venv"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def carved(tmp_path_factory: pytest.TempPathFactory, environment: Path) -> Carved:
    return carve(tmp_path_factory.mktemp("service"), environment)


@pytest.fixture
def service(carved: Carved) -> Iterator[Carved]:
    """Lend the service to one test, and undo what that changes."""
    first = carved.run("git", "rev-parse", "HEAD").stdout.strip()
    yield carved
    carved.run("git", "reset", "--quiet", "--hard", first)
    carved.run("git", "clean", "--quiet", "-dfx", "--exclude=.*_cache")


def add(service: Carved, kind: str, name: str) -> str:
    """Add a feature, and the migration that it asks for; return what the first command said."""
    said = service.run("make", "feature", f"NAME={name}", f"KIND={kind}").stdout
    for message in re.findall(r"^Next: .*: make migration m=\"(.*)\"$", said, re.MULTILINE):
        service.run("make", "migrate")
        service.run("make", "migration", f"m={message}")
    return said


def status(service: Carved) -> dict[str, str]:
    """Tell what git sees as changed: path -> verb."""
    found = service.run("git", "status", "--porcelain", "--untracked-files=all").stdout
    verbs = {" M": "change", "??": "add", " D": "delete"}
    return {line[3:]: verbs[line[:2]] for line in found.splitlines()}


def refused(service: Carved, *arguments: str) -> str:
    """Run a command that must be refused and change nothing; return its line."""
    code, said = attempt(service, str(service.python), "-m", "chassis.features", *arguments)
    assert code == 2, said
    assert status(service) == {}
    (line,) = [it for it in said.splitlines() if not it.startswith("Trying it")]
    return line


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({"jobs": True}, id="everything"),
        pytest.param(NOTHING, id="smallest"),
        pytest.param(ODD, id="odd"),
    ],
)
def test_features_pass_every_stage_with_the_examples_and_without_them(
    answers: dict[str, bool | str], tmp_path: Path, environment: Path
) -> None:
    began = time.monotonic()
    service = carve(tmp_path, environment, **answers)
    record = json.loads((service.path / ".cookiecutter.json").read_text())["answers"]
    kinds = ["plain"]
    kinds += ["table"] if record["database"] else []
    kinds += ["client"] if record["outbound"] else []
    kinds += ["job"] if record["jobs"] else []
    names = NAMES | {"job": "receipts"}
    for kind in kinds:
        said = add(service, kind, names[kind])
        assert said.endswith("Check the result: make lint types test\n")
    service.run("make", "lint", "types")
    assert "run make openapi" in service.run("make", "test", "ARGS=app tests").stdout  # of a skip
    commit(service, "Features")
    service.run("make", "remove-examples")
    service.run("make", "lint", "types")
    service.run("make", "test", "ARGS=app tests")
    assert service.run("make", "settings", "ARGS=--write").stdout == "nothing to write\n"
    left = service.run("git", "grep", "--untracked", "--line-number", "", *named_by(service)).stdout
    assert [line for line in left.splitlines() if EXAMPLES.search(line)] == []
    assert "nothing to remove" in service.run("make", "remove-examples").stdout
    print(f"F1 features: {len(kinds)} kinds, {time.monotonic() - began:.0f} s")  # noqa: T201 - the figure


def named_by(service: Carved) -> list[str]:
    return [name for name in NAMED_BY if (service.path / name).exists()]


def test_features_of_every_kind_answer_beside_the_examples(service: Carved, tmp_path: Path) -> None:
    for kind, name in NAMES.items():
        add(service, kind, name)
    database = f"sqlite:///{tmp_path / 'features.db'}"
    service.run(str(service.python), "-m", "app", "database", "upgrade", DATABASE_URL=database)
    with (
        serve_json(lambda path: {"id": path.rpartition("/")[2], "name": "Ada"}) as url,
        service.serve(
            DATABASE_URL=database, OUTBOUND_ADDRESSES_BASE_URL=url, SECURITY_DOCS="true"
        ) as replica,
    ):
        with closing(HTTPConnection(*replica.address, timeout=30)) as connection:
            headers = {"content-type": "application/json"}
            connection.request("POST", "/companies", '{"name": "Ada"}', headers)
            created = connection.getresponse()
            assert (created.status, created.headers["location"]) == (201, "/companies/1")
        assert json.loads(replica.ask("/companies/1").body) == {"id": 1, "name": "Ada"}
        assert len(json.loads(replica.ask("/customer-orders").body)) == 3
        assert json.loads(replica.ask("/addresses/7").body) == {"id": "7", "name": "Ada"}
        assert replica.ask("/greetings/ada").status == 200
        paths = json.loads(replica.ask("/openapi.json").body)["paths"]
        operations = [it["operationId"] for path in paths.values() for it in path.values()]
        assert len(operations) == len({*operations})
        assert replica.stop() == 0


def test_a_feature_is_what_the_page_shows_and_a_dry_run_said(service: Carved) -> None:
    shown = re.findall(
        r"^\$ make feature NAME=greeters\n(.*?)```",
        (service.path / "docs" / "develop.md").read_text(),
        re.MULTILINE | re.DOTALL,
    )
    planned = service.run("make", "feature", "NAME=greeters", "ARGS=--dry-run").stdout
    assert status(service) == {}
    assert planned.splitlines()[-1] == "Nothing was changed, because of --dry-run."
    said = service.run("make", "feature", "NAME=greeters").stdout
    assert shown == [said]
    progress, *listed, _ = said.splitlines()
    assert progress == "Trying it in a copy of the service …"
    assert [progress, *listed] == planned.splitlines()[:-1]
    assert status(service) == {path: verb for verb, path in map(str.split, listed)}
    usage = service.run("make", "feature", "ARGS=--help").stdout
    assert "[KIND=plain] [SINGULAR=customer]" in usage


def edit(file: Path, *replacements: tuple[str, str]) -> None:
    """Replace texts of which each is there once."""
    text = file.read_text()
    for old, new in replacements:
        assert text.count(old) == 1, (file, old)
        text = text.replace(old, new)
    file.write_text(text)


@pytest.mark.timeout(600)
def test_a_first_table_has_required_columns_update_and_delete_as_the_page_says(
    service: Carved,
) -> None:
    page = (service.path / "docs" / "develop.md").read_text().partition("\n## Update and delete\n")
    blocks = re.findall(
        r"^   ```python\n(.*?)^   ```", page[2].partition("\n## ")[0], re.MULTILINE | re.DOTALL
    )
    version, imports, *routes = (textwrap.dedent(block) for block in blocks)
    version, added = (textwrap.indent(it, "    ") for it in (version, "\n".join(routes)))
    service.run("make", "feature", "NAME=customers", "KIND=table")
    assert [*service.path.glob("app/migrations/*_create_customers.py")] == []
    name = "    name: Mapped[str] = mapped_column(Text)\n"
    country = "    country: Mapped[str] = mapped_column(Text)\n"
    edit(
        service.path / "app" / "customers" / "models.py",
        ("Identity, Integer, Text\n", "Identity, Integer, Text, text\n"),
        (name, f"{name}{country}{version}"),
    )
    edit(
        service.path / "app" / "customers" / "routes.py",
        ("from sqlalchemy import select\n", f"from sqlalchemy import select\n{imports}"),
        ("    name: ShortText\n", "    name: ShortText\n    country: ShortText\n"),
        ("\n    return router\n", f"\n{added}\n    return router\n"),
    )
    service.run("make", "migrate")
    service.run("make", "migration", "m=create customers")
    service.run("make", "format", "lint", "types")
    service.run("make", "test", "ARGS=tests/test_migrations.py tests/test_api.py")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "NAME is missing"),
        ("CustomerOrders", "NAME=customer_orders"),
        ("customer-orders", "NAME=customer_orders"),
        ("2fast", "snake case"),
        ("../etc", "snake case"),
        ("class", "keyword"),
        ("match", "keyword"),
        ("list", "builtin"),
        ("email", "standard library"),
        ("health", "chassis"),
        ("model_fields", "settings class"),
        ("greetings", "app/greetings exists"),
        ("migrations", "app/migrations exists"),
        ("auth_tokens_of_all_customers", "24 letters"),
        ("outbound_quotes", "app/main.py"),
        ("settings", "app/main.py"),
        ("services", "service is already used"),
        ("sessions", "session is already used"),
    ],
)
def test_a_name_that_a_feature_cannot_have_is_refused(carved: Carved, name: str, said: str) -> None:
    assert said in refused(carved, "add", name, "--kind", "table")


SINGULARS = {
    "companies": "company",
    "addresses": "address",
    "movies": "movie",
    "statuses": "status",
    "caches": "cache",
    "batches": "batch",
    "sizes": "size",
    "boxes": "box",
    "houses": "house",
    "news": "news_item",
    "series": "series_item",
    "stock": "stock_item",
    "bus": "bus_item",
    "people": "person",
    "children": "child",
    "analyses": "analysis",
    "cases": "case",
    "customer_orders": "customer_order",
    "breaking_news": "breaking_news_item",
    "coaches": "coach",
    "searches": "search",
    "aliases": "alias",
    "quizzes": "quiz",
}


def test_one_of_them_has_a_name_that_is_a_word(carved: Carved) -> None:
    script = "import sys\nfrom chassis.features.names import Name\n"
    script += "print(*(Name(it).thing for it in sys.argv[1:]))"
    found = carved.run(str(carved.python), "-c", script, *SINGULARS).stdout.split()
    assert dict(zip(SINGULARS, found, strict=True)) == SINGULARS


def test_the_name_of_one_of_them_can_be_given(service: Carved) -> None:
    service.run("make", "feature", "NAME=oxen", "KIND=table", "SINGULAR=ox")
    assert "class Ox(" in (service.path / "app/oxen/models.py").read_text()
    commit(service, "Oxen")
    for singular, said in (("2x", "in snake case"), ("cows", "is NAME itself")):
        code, text = attempt(service, "make", "feature", "NAME=cows", f"SINGULAR={singular}")
        assert (code, said in text) == (2, True)


def test_a_kind_without_its_option_is_refused(tmp_path: Path, environment: Path) -> None:
    smallest = Carved.make(tmp_path, **NOTHING)
    (smallest.path / ".venv").symlink_to(environment)  # with more than it needs
    commit(smallest, "First")
    for kind in "table", "client", "job":
        assert "Choose plain" in refused(smallest, "add", "customers", "--kind", kind)


def test_a_composition_root_of_another_shape_is_refused(service: Carved) -> None:
    root = service.path / "app" / "main.py"
    root.write_text(root.read_text().replace("class Settings(", "class Everything("))
    commit(service, "Changed")
    said = refused(service, "add", "customers")
    assert "app/main.py has no class Settings" in said
    assert "from app.customers import Customers" in said


def test_what_would_not_work_afterwards_is_refused(service: Carved) -> None:
    root = service.path / "app" / "main.py"
    root.write_text(f"{root.read_text()}\nraise ValueError('broken before')\n")
    commit(service, "Broken")
    assert "broken before" in refused(service, "add", "customers")


def test_an_example_that_something_else_needs_is_not_removed(service: Carved) -> None:
    other = service.path / "tests" / "test_other.py"
    other.write_text("from app.quotes import Quotes\n\nassert Quotes\n")
    commit(service, "Needed")
    assert "tests/test_other.py imports app.quotes" in refused(service, "remove-examples")
    root = service.path / "app" / "main.py"
    root.write_text(root.read_text() + "\nPOLITE = Greetings(limit=1)\n")
    commit(service, "Needed too")
    assert "POLITE" in refused(service, "remove-examples", "greetings")


def test_what_git_could_not_bring_back_is_not_deleted(service: Carved) -> None:
    new = service.path / "app" / "greetings" / "polite.py"
    new.write_text('"""Not committed."""\n')
    code, said = attempt(service, "make", "remove-examples")
    assert code == 2
    assert "git cannot restore app/greetings/polite.py. Commit first" in said
    commit(service, "Polite")
    edited = service.path / "app" / "greetings" / "routes.py"
    edited.write_text(edited.read_text() + "\n")
    commit(service, "Edited")
    said = service.run("make", "remove-examples", "NAME=greetings").stdout
    assert "app/greetings/routes.py was edited after its first commit." in said
    assert not (service.path / "app" / "greetings").exists()
    assert (service.path / "app" / "notes").exists()
    page = (service.path / "docs" / "develop.md").read_text()
    assert ("- `greetings`" in page, "- `notes`" in page) == (False, True)


def test_a_feature_of_the_team_is_no_example(service: Carved) -> None:
    file = service.path / "app" / "greetings" / "__init__.py"
    file.write_text(file.read_text().replace('"""An example to copy: g', '"""G'))
    commit(service, "Ours")
    assert "is not an example" in refused(service, "remove-examples", "greetings")
    service.run("make", "remove-examples")
    assert (service.path / "app" / "greetings").exists()


def test_a_migration_that_a_release_has_is_kept_and_followed_by_another(service: Carved) -> None:
    service.run("git", "tag", "v1.0.0")
    said = service.run("make", "remove-examples").stdout
    service.run("git", "tag", "--delete", "v1.0.0")
    (dropped,) = service.path.glob("app/migrations/*_drop_notes.py")
    assert f"app/migrations/{dropped.name} drops notes" in said
    assert (service.path / "app/migrations/2026_11_22_create_notes.py").exists()
    service.run("make", "lint", "types")
    service.run("make", "test", "ARGS=tests")


def test_a_migration_that_no_release_has_goes_and_later_ones_follow_what_was_before(
    service: Carved,
) -> None:
    service.run("make", "migrate")
    add(service, "table", "customers")
    commit(service, "Customers")
    said = service.run("make", "remove-examples").stdout
    (left,) = service.path.glob("app/migrations/2*.py")
    assert "\ndown_revision = None\n" in left.read_text()
    assert "create_notes.py is deleted: no release is tagged here" in said
    assert "rm dev.db" in said
    service.run("make", "test", "ARGS=tests app")
