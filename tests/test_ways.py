"""Every way in leads to the same service: prompts, command line, replay, pytest-cookies, cruft."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.template import RAW, ROOT, carve, commit, copy_template, files, run, succeeded, texts

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_cookies.plugin import Cookies

HOSTILE = '{{ 7*7 }} "{{ cookiecutter.author }}" \\ # if metrics {% raw %} [bold]🚀'
GIVEN = {
    "project_name": "Order desk",
    "description": HOSTILE,
    "metrics": False,
    "ci": "gitlab",
    "licence": "Apache-2.0",
    "python_version": "3.12",
}
SAID = [f"{name}={value}" for name, value in GIVEN.items()]
NEXT = "Next:\n  cd order-desk\n  make run\n  make test\n"


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return contents(carve(tmp_path_factory.mktemp("expected") / "order-desk", **GIVEN))


def repository(where: Path) -> Path:
    """Make a git repository of this checkout."""
    commit(copy_template(where))
    return where


def contents(service: Path) -> dict[str, bytes]:
    everything = {name: path.read_bytes() for name, path in files(service).items()}
    return {name: it for name, it in everything.items() if not name.startswith((".git/", ".cruft"))}


def test_on_the_command_line(tmp_path: Path, expected: dict[str, bytes]) -> None:
    output = succeeded(run("cookiecutter", str(ROOT), "--no-input", *SAID, cwd=tmp_path))
    assert output.endswith(NEXT)
    assert contents(tmp_path / "order-desk") == expected


def test_the_readme_shows_what_carving_prints(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    _, _, shown = readme.partition(
        "$ uvx cookiecutter gh:OWNER/cookiecutter-python-service --no-input\n"
    )
    output = succeeded(run("cookiecutter", str(ROOT), "--no-input", cwd=tmp_path))
    assert shown.partition("```")[0] == output


def test_replayed(tmp_path: Path, expected: dict[str, bytes]) -> None:
    succeeded(run("cookiecutter", str(ROOT), "--no-input", *SAID, cwd=tmp_path))
    shutil.rmtree(tmp_path / "order-desk")
    succeeded(run("cookiecutter", str(ROOT), "--replay", cwd=tmp_path))
    assert contents(tmp_path / "order-desk") == expected


def test_with_the_defaults_of_a_person(tmp_path: Path, expected: dict[str, bytes]) -> None:
    (tmp_path / "mine.yml").write_text(json.dumps({"default_context": GIVEN}), "utf-8")
    config = ("--config-file", "mine.yml")
    succeeded(run("cookiecutter", str(ROOT), "--no-input", *config, cwd=tmp_path))
    assert contents(tmp_path / "order-desk") == expected


def test_typed_at_the_prompts(tmp_path: Path, expected: dict[str, bytes]) -> None:
    typed = ["Order desk", "", HOSTILE, "", "", "", "2", "3", "no", *[""] * 9, "2"]
    asked = succeeded(run("cookiecutter", str(ROOT), cwd=tmp_path, typed="\n".join(typed)))
    assert contents(tmp_path / "order-desk") == expected
    assert asked.count("[1/19] Name of the service, for people (Orders):") == 1
    assert "(order-desk):" in asked


@pytest.mark.parametrize("wanted", ["compose", "kubernetes"])
def test_a_contradiction_is_resolved_and_one_line_says_so(tmp_path: Path, wanted: str) -> None:
    said = ("docker=false", f"deployment={wanted}")
    ended = run("cookiecutter", str(ROOT), "--no-input", *said, cwd=tmp_path)
    succeeded(ended)
    nothing = carve(tmp_path / "expected" / "orders", docker=False, deployment="none")
    assert contents(tmp_path / "orders") == contents(nothing)
    assert ended.stderr.splitlines() == [
        f"deployment is none, not {wanted}: it rolls out an image, and docker is off."
    ]


def test_docker_no_and_enter_for_the_rest_is_a_service(tmp_path: Path) -> None:
    typed = "\n".join([*[""] * 16, "no", "", "", ""])
    ended = run("cookiecutter", str(ROOT), cwd=tmp_path, typed=typed)
    succeeded(ended)
    assert "deployment is none, not compose" in ended.stderr
    record = json.loads((tmp_path / "orders" / ".cookiecutter.json").read_text())["answers"]
    assert (record["docker"], record["deployment"]) == (False, "none")


def test_from_a_repository(tmp_path: Path, expected: dict[str, bytes]) -> None:
    address = repository(tmp_path / "template.git").as_uri()
    succeeded(run("cookiecutter", address, "--no-input", *SAID, cwd=tmp_path))
    assert contents(tmp_path / "order-desk") == expected


def test_in_a_test_of_pytest_cookies(cookies: Cookies, expected: dict[str, bytes]) -> None:
    baked = cookies.bake(extra_context=GIVEN, template=str(ROOT))
    assert baked.exception is None
    assert baked.context["description"] == HOSTILE
    assert contents(baked.project_path) == expected
    assert cookies.bake(extra_context={"project_slug": "A"}, template=str(ROOT)).exit_code == -1


def test_never_over_files_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "orders" / "app").mkdir(parents=True)
    (tmp_path / "orders" / "app" / "mine.py").write_text("mine = True  # if metrics\n")
    ended = run("cookiecutter", str(ROOT), "-f", "--no-input", "metrics=no", cwd=tmp_path)
    assert ended.returncode == 1
    assert ended.stderr.startswith("project_slug: its directory holds files. Choose ")
    assert texts(tmp_path / "orders") == {"app/mine.py": "mine = True  # if metrics\n"}


def test_created_and_updated_by_cruft_without_bringing_back_what_is_off(
    tmp_path: Path, expected: dict[str, bytes]
) -> None:
    template, service = repository(tmp_path / "template"), tmp_path / "order-desk"
    context = ("--extra-context", json.dumps(GIVEN))
    succeeded(run("cruft", "create", str(template), "-y", *context, cwd=tmp_path))
    assert contents(service) == expected
    commit(service)

    tree = template / RAW.name
    (tree / "chassis" / "metrics" / "more.py").write_text("MORE = 1\n")
    (tree / "docs" / "new.md").write_text("New\nOff <!-- if metrics -->\nOn <!-- if gitlab -->\n")
    with (tree / "Makefile").open("a") as makefile:
        makefile.write("# new line\n# a metric  # if metrics\n")
    hook = template / "hooks" / "post_gen_project.py"
    hook.write_text(hook.read_text("utf-8") + "# a newer hook\n", "utf-8")
    commit(template)
    succeeded(run("cruft", "update", "-y", cwd=service))

    new = {"Makefile": expected["Makefile"] + b"# new line\n", "docs/new.md": b"New\nOn\n"}
    updated = contents(service)
    record, old = (json.loads(it[".cookiecutter.json"]) for it in (updated, expected))
    ids = {"raw_tree": run("git", "rev-parse", f"HEAD:{RAW.name}", cwd=template).stdout.strip()}
    assert record == {**old, **ids, "carved_tree": record["carved_tree"]}
    assert updated == {**expected, **new, ".cookiecutter.json": updated[".cookiecutter.json"]}
