"""The page that the release workflow publishes: built by its own step, with commands that work."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from page.tools import PACKAGES
from tests.page.links import answer_with
from tests.page.test_taken import carved_by_cookiecutter, download
from tests.pipelines import workflows
from tests.proofs.carved import clean, uv
from tests.template import MANIFEST, ROOT, commit, run, succeeded, texts

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

REPOSITORY, TAG = "acme/service-template", "v9.8.7"
ADDRESS = f"https://github.com/{REPOSITORY}.git"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the checkout of a release holds: the files that git knows, at a tag."""
    where = tmp_path_factory.mktemp("checkout") / "template"
    listed = succeeded(run("git", "ls-files", "-z", cwd=ROOT)).split("\0")
    for path in filter(None, listed):
        if (ROOT / path).exists():
            (where / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, where / path)
    commit(where)
    succeeded(run("git", "tag", TAG, cwd=where))
    return where


@pytest.fixture(scope="module")
def published(packages: None, template: Path) -> Path:
    """The page in the folder that is published, built by the lines of the workflow."""
    del packages
    steps = workflows(ROOT)["release.yml"]["jobs"]["page"]["steps"]
    (template / "page" / "node_modules").symlink_to(PACKAGES)
    variables = {"GITHUB_REPOSITORY": REPOSITORY, "GITHUB_REF_NAME": TAG}
    installed = {"UV_PROJECT_ENVIRONMENT": sys.prefix, "UV_NO_SYNC": "1"}
    for line in (step["run"] for step in steps if "run" in step):
        subprocess.run(
            ["bash", "-e", "-c", line],
            cwd=template,
            env={**os.environ, **variables, **installed},
            check=True,
        )
    (folder,) = (it["with"]["path"] for it in steps if "upload-pages" in it.get("uses", ""))
    return template / str(folder)


@pytest.fixture(scope="module")
def built(published: Path) -> Path:
    """The file that the browser opens."""
    return published / "index.html"


def home_that_finds(template: Path, where: Path) -> Path:
    """Make a home in which git finds the template at the address of its repository."""
    home = where / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(f'[url "{template.as_uri()}"]\n\tinsteadOf = {ADDRESS}\n')
    return home


def test_the_workflow_publishes_the_page_and_its_licences_and_nothing_else(published: Path) -> None:
    assert {it.name for it in published.iterdir()} == {"index.html", "licences.txt"}


def test_its_commands_name_the_repository_and_the_tag_of_the_release(
    page: Page, built: Path
) -> None:
    answer_with(page, built, {"cache": False})
    expect(page.locator("#uvx")).to_have_value(
        f"uvx cookiecutter gh:{REPOSITORY} --checkout {TAG} --no-input cache=false"
    )
    program = f"uvx --from git+{ADDRESS}@{TAG} carve"
    words = shlex.split(page.locator("#day-two").input_value())
    assert " ".join(words[: words.index("carve") + 1]) == program
    page.locator('.change[data-question="auth"]').click()
    expect(page.locator("#one")).to_have_value(f"{program} remove auth")
    expect(page.locator("#owner")).to_be_hidden()


def test_its_archive_is_what_its_command_carves_from_the_repository_at_the_tag(
    page: Page, built: Path, template: Path, tmp_path: Path
) -> None:
    answer_with(page, built, {"project_name": "Order desk", "cache": False})
    taken = download(page, tmp_path)
    assert ADDRESS.encode() in taken["order-desk/.cookiecutter.json"][0]
    home = home_that_finds(template, tmp_path)
    command = page.locator("#uvx").input_value()
    assert taken == carved_by_cookiecutter(command, home, shlex.split(command)[2])


def test_its_command_gives_a_service_of_other_answers_those_of_the_archive(
    page: Page, built: Path, template: Path, tmp_path: Path
) -> None:
    succeeded(run("git", "tag", f"v{MANIFEST['_version']}", cwd=template))
    variables = {"HOME": str(home_that_finds(template, tmp_path))}
    carving = ("cookiecutter", f"gh:{REPOSITORY}", "--checkout", TAG, "--no-input")
    succeeded(run(*carving, "auth=true", "ci=none", cwd=tmp_path, **variables))
    commit(tmp_path / "orders")
    answer_with(page, built, {"auth": False})
    taken = download(page, tmp_path)
    uvx, *words = shlex.split(page.locator("#day-two").input_value())
    assert uvx == "uvx"
    command = (uv(), "tool", "run", "--quiet", *words)
    succeeded(run(*command, cwd=tmp_path / "orders", **clean(**variables)))
    changed = {f"orders/{it}": text for it, text in texts(tmp_path / "orders").items()}
    expected = {path: content.decode() for path, (content, _) in taken.items()}
    assert [it for it in expected if changed.get(it) != expected[it]] == []
    more = {it for it in changed.keys() - expected.keys() if "/.git/" not in it}
    assert more <= {"orders/uv.lock"}
