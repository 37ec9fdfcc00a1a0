"""The scheduled jobs, run with git, make and the command itself: what they propose, and when."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.lives import Life
from tests.pipelines import UPDATING, Calls, lines
from tests.template import MANIFEST, QUESTIONS, ROOT, run, succeeded

if TYPE_CHECKING:
    from pathlib import Path

    from tests.versions import Kept

SERVERS = {
    "github": "https://x-access-token:t0ken@example.com/orders",
    "gitlab": "https://update:t0ken@example.com/orders.git",
}
HOOK = """#!/bin/sh
for number in $(seq 0 $((${GIT_PUSH_OPTION_COUNT:-0} - 1))); do
  eval "echo \\"\\$GIT_PUSH_OPTION_$number\\""
done > "%s"
"""
UV = """#!/bin/sh
case "$*" in
  *" carve "*) while [ "$1" != carve ]; do shift; done; shift
    [ "$1" != update ] || set -- "$@" --source '%s'
    PYTHONPATH='%s' exec '%s' -B -m carve "$@" ;;
  *pytest*) exit 1 ;;
  *"app settings --write") echo '# generated' >> .env.example ;;
esac
"""
GH = """#!/bin/sh
echo gh "$@" >> '%s'
case "$*" in "pr list"*) cat '%s' ;; esac
"""


class Forge:
    """A bare repository that takes push options, a service that is pushed to it, and its jobs."""

    def __init__(self, ci: str, life: Life, source: Path, folder: Path) -> None:
        self.ci, self.life, self.folder = ci, life, folder
        self.upstream, self.options = folder / "upstream.git", folder / "options"
        self.requests = folder / "requests"
        self.requests.write_text("")
        self.home = folder / "home"
        self.home.mkdir()
        (self.home / ".gitconfig").write_text(
            f'[url "{self.upstream}"]\n\tinsteadOf = {SERVERS[ci]}\n'
            "[user]\n\tname = a\n\temail = a@example.com\n[commit]\n\tgpgSign = false\n"
        )
        self.git("init", "--quiet", "--bare", str(self.upstream))
        self.git("-C", str(self.upstream), "config", "receive.advertisePushOptions", "true")
        hook = self.upstream / "hooks/post-receive"
        hook.write_text(HOOK % self.options)
        hook.chmod(0o755)
        self.git("push", "--quiet", str(self.upstream), "HEAD:refs/heads/main")
        self.calls = Calls(folder)
        (self.calls.programs / "uv").write_text(UV % (source, ROOT, sys.executable))
        (self.calls.programs / "gh").write_text(GH % (self.calls.notes, self.requests))
        self.calls.provided |= {
            "HOME": str(self.home),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "TEMPLATE": source.as_uri(),
            "ARGS": "",
            "GITHUB_SERVER_URL": "https://example.com",
            "GITHUB_REPOSITORY": "orders",
            "CI_SERVER_HOST": "example.com",
            "CI_PROJECT_PATH": "orders",
            "UPDATE_TOKEN": "t0ken",
        }
        self.calls.known["secrets.UPDATE_TOKEN || github.token"] = "t0ken"
        self.runs = 0

    def git(self, *arguments: str) -> str:
        return succeeded(run("git", *arguments, cwd=self.life.folder, HOME=str(self.home)))

    def run_jobs(self) -> None:
        """Run them as once a week, each in a checkout of its own."""
        self.runs += 1
        self.calls.provided["RUNNER_TEMP"] = str(self.folder / f"temporary-{self.runs}")
        (self.folder / f"temporary-{self.runs}").mkdir()
        self.calls.known = {
            name: it for name, it in self.calls.known.items() if not name.startswith("needs.")
        } | {"needs.update.outputs.draft": ""}
        before = ""
        for line in (it for it in lines(self.life.folder) if it.job in UPDATING):
            if line.job != before:
                before = line.job
                checkout = self.folder / f"{line.job}-{self.runs}"
                self.git("clone", "--quiet", "--branch=main", str(self.upstream), str(checkout))
            self.calls.run(line, checkout)
            if self.ci == "github" and "needs.update.outputs.changed" not in self.calls.known:
                break  # the jobs go on only if there is something to propose

    @property
    def text(self) -> str:
        """The text of the request."""
        if self.ci == "github":
            return (self.folder / f"temporary-{self.runs}/update/report.md").read_text()
        rows = self.options.read_text().partition("merge_request.description=")
        return rows[2].replace("\\n", "\n")

    def proposed(self, path: str) -> str:
        return self.git("-C", str(self.upstream), "show", f"update-template:{path}")


@pytest.fixture(params=SERVERS)
def forge(
    request: pytest.FixtureRequest,
    versions: dict[str, Path],
    kept: Kept,
    source: Path,
    tmp_path: Path,
) -> Forge:
    defaults = {name: MANIFEST[name] for name in QUESTIONS}
    answers = {name: it[0] if isinstance(it, list) else it for name, it in defaults.items()}
    answers |= {"project_slug": "orders", "ci": request.param}
    answers |= {"docker": False, "deployment": "none", "python_version": "3.12"}
    life = Life(kept.carve(versions["v0.1.0"], answers), tmp_path / "orders")
    return Forge(request.param, life, source, tmp_path)


def test_a_newer_version_is_proposed_with_notes_and_results(forge: Forge) -> None:
    forge.run_jobs()
    text = forge.text
    assert "- security: The probe answers nobody but itself.\n" in text
    assert "### To do by hand\n\n- Rename `CACHE_OLD` to `CACHE_NEW`.\n" in text
    assert "- `make lint`: passed\n" in text
    assert "- `make test`: failed\n" in text
    assert "conflict" not in text
    assert forge.proposed("chassis/fresher.py") == '"""Fresh."""\n'
    assert forge.proposed(".env.example").endswith("# generated\n")
    if forge.ci == "github":
        assert forge.calls.made[-1].startswith("gh pr create --head update-template --title ")
        assert "--draft" not in forge.calls.made[-1]
        forge.requests.write_text("7\n")
        forge.run_jobs()
        assert [it.partition(" --")[0] for it in forge.calls.made[-2:]] == [
            "gh pr edit 7",
            "gh pr ready 7",
        ]
    else:
        assert "merge_request.title=Update from the template\n" in forge.options.read_text()


def test_nothing_is_proposed_where_nothing_is_newer(forge: Forge) -> None:
    assert forge.life.change("update")[0] == 0
    forge.life.commit()
    forge.git("push", "--quiet", str(forge.upstream), "HEAD:refs/heads/main")
    forge.run_jobs()
    assert forge.git("ls-remote", str(forge.upstream), "update-template") == ""


def test_a_conflict_is_proposed_as_a_draft_that_says_how_to_resolve_it(forge: Forge) -> None:
    page = forge.life.folder / "docs/operations.md"
    page.write_text(page.read_text().replace("# Operations", "# At night"))
    forge.life.commit()
    forge.git("push", "--quiet", str(forge.upstream), "HEAD:refs/heads/main")
    forge.run_jobs()
    text = forge.text
    assert "### Do not merge: conflicts\n" in text
    assert "- `docs/operations.md`\n" in text
    both = forge.proposed("docs/operations.md")
    assert "<<<<<<< " in both
    assert "# At night" in both
    assert "# How it is operated" in both
    assert '"version": "0.1.0"' in forge.proposed(".cookiecutter.json")
    if forge.ci == "github":
        assert forge.calls.made[-1].endswith(" --draft")
        forge.requests.write_text("7\n")
        forge.run_jobs()
        assert forge.calls.made[-1] == "gh pr ready 7 --undo"
    else:
        assert "merge_request.title=Draft: Update from the template\n" in forge.options.read_text()
    resolve(forge, text.partition("```console\n")[2].partition("```")[0].splitlines())
    assert forge.proposed("docs/operations.md").startswith("# At night")
    assert '"version": "0.3.0"' in forge.proposed(".cookiecutter.json")
    with pytest.raises(AssertionError, match="update-template has commits of somebody"):
        forge.run_jobs()


def resolve(forge: Forge, commands: list[str]) -> None:
    """Do what the request says, with an editor in place of a tool for merges."""
    forge.git("remote", "add", "origin", str(forge.upstream))
    given = {**forge.calls.provided, "PATH": f"{forge.calls.programs}:/usr/bin:/bin"}
    for command in commands:
        if command == "make update":
            ended = run("bash", "-c", command, cwd=forge.life.folder, **given)
            assert "Conflicts." in ended.stdout, ended.stderr
        elif command == "git mergetool docs/operations.md":
            page = forge.life.folder / "docs/operations.md"
            page.write_text("# At night\n")
            forge.git("add", "docs/operations.md")
        else:
            succeeded(run("bash", "-euc", command, cwd=forge.life.folder, **given))
