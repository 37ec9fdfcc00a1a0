"""The template's own workflows, and the bounds that every job keeps, here and in a service."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from tests.pipelines import load, workflows
from tests.template import MANIFEST, RAW, ROOT, carve, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OWN = workflows(ROOT)
PUBLISHING = {"release.yml"}
LONGEST = 180
"""Minutes that a job may take: the product of all answers does."""
OF_A_SERVICE = 20
KEEPING = re.compile(r"\bcache\b", re.IGNORECASE)


def steps(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from job["steps"]


def lines() -> Iterator[tuple[str, str]]:
    """Every line that the template's workflows run, and the workflow it is in."""
    for name, workflow in OWN.items():
        for job in workflow["jobs"].values():
            yield from ((name, step["run"]) for step in steps(job) if "run" in step)


def publishes(job: dict[str, Any]) -> str:
    """The environment that a job has to be in, by what it may write."""
    return "github-pages" if "pages" in job["permissions"] else "release"


@pytest.mark.parametrize(
    "command",
    [
        "check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml",
        "check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml",
        "pre-commit validate-config .pre-commit-config.yaml",
        "shellcheck .ci/run",
    ],
)
def test_the_template_is_what_its_readers_take_it_for(command: str, tmp_path: Path) -> None:
    ended = run("sh", "-c", command, cwd=ROOT, HOME=str(tmp_path))
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize("root", [RAW, ROOT], ids=["service", "template"])
def test_every_job_for_github_is_bounded_and_can_do_little(root: Path, tmp_path: Path) -> None:
    where, longest = root, LONGEST
    if root == RAW:
        where, longest = carve(tmp_path / "orders"), OF_A_SERVICE
    for name, workflow in workflows(where).items():
        assert workflow["permissions"] == {}, name
        assert workflow["concurrency"]["group"].startswith("${{ github.workflow }}"), name
        for job in workflow["jobs"].values():
            assert 0 < job["timeout-minutes"] <= longest, name
            if "environment" not in job:
                assert job["permissions"] == {"contents": "read"}, name
            assert "continue-on-error" not in job
            for step in steps(job):
                assert "continue-on-error" not in step
                if "checkout" in step.get("uses", ""):
                    assert step["with"]["persist-credentials"] is False, name
                if "setup-uv" in step.get("uses", ""):
                    assert step["with"].pop("enable-cache") is False, name
                assert not KEEPING.search(json.dumps(step)), name
        text = (where / ".github" / "workflows" / name).read_text("utf-8")
        text = text.replace("secrets.UPDATE_TOKEN || github.token", "")  # a run's is too weak
        assert "secrets." not in text, f"{name}: the token of the run is all that it needs"
        assert not re.search(r"runs-on: .*-latest", text), name


def test_every_job_for_gitlab_is_bounded_and_none_may_fail(tmp_path: Path) -> None:
    read = load(carve(tmp_path / "orders", ci="gitlab") / ".gitlab-ci.yml")
    assert read["default"]["timeout"] == "15 minutes"
    assert not KEEPING.search(json.dumps(read).replace("--no-cache", ""))
    for job in read.values():
        assert "allow_failure" not in job


def test_only_a_tag_publishes_the_template_and_somebody_can_be_asked() -> None:
    for name, workflow in OWN.items():
        assert set(workflow[True]) <= {"push", "pull_request", "schedule", "workflow_dispatch"}
        for job in workflow["jobs"].values():
            writes = "write" in job["permissions"].values()
            asked = job.get("environment")
            where = asked["name"] if isinstance(asked, dict) else asked
            assert where == (publishes(job) if writes else None)
            if writes:
                assert name in PUBLISHING
                assert workflow[True] == {"push": {"tags": ["v*"]}}
                assert job["needs"] in ("test", ["release", "page"])


def test_carving_is_tried_on_every_system_and_python() -> None:
    matrix = OWN["test.yml"]["jobs"]["generation"]["strategy"]["matrix"]
    assert {name.partition("-")[0] for name in matrix["system"]} == {"ubuntu", "macos", "windows"}
    assert set(matrix["python"]) == set(MANIFEST["_choices"]["python_version"])


def test_every_line_calls_commands_and_files_that_exist() -> None:
    called = set()
    for name, line in lines():
        targets = re.match(r"make ([a-z ]+)", line)
        called |= {(name, target) for target in targets[1].split()} if targets else set()
        if targets:
            ended = run("make", "--dry-run", *targets[1].split(), "TAG=v0", cwd=ROOT)
            assert ended.returncode == 0, f"{name}: {line}\n{ended.stderr}"
        for file in re.findall(r"tests/\S+", line):
            assert (ROOT / file).exists(), f"{name}: {file}"
    assert {("test.yml", it) for it in ("test", "prove", "report")} <= called
    nightly = {target for name, target in called if name == "nightly.yml"}
    assert nightly == {"product", "bump", "test", "prove", "report", "rollouts"}
    assert list(steps(OWN["nightly.yml"]["jobs"]["rollouts"]))[-1]["env"] == {"ROLLOUTS": "full"}


def test_what_was_promised_is_reported_and_kept_whatever_failed() -> None:
    for name in "test.yml", "nightly.yml":
        (job,) = (
            job
            for job in OWN[name]["jobs"].values()
            if any(step.get("run") == "make test" for step in steps(job))
        )
        test, prove, report, keep = list(steps(job))[-4:]
        commands = [it["run"] for it in (test, prove, report)]
        assert commands == ["make test", "make prove", "make report"]
        assert prove.get("env", {}) == ({"PIPELINES": "full"} if name == "nightly.yml" else {})
        assert report["if"] == keep["if"] == "always()"
        assert keep["with"]["path"] == "build/report"


def test_a_machine_has_what_the_proofs_need_before_they_run() -> None:
    installs = {line for _, line in lines() if "apt-get install" in line}
    assert len(installs) == 1
    installed = set(installs.pop().partition("--yes ")[2].split())
    assert installed == {
        "nginx-light",
        "pgbouncer",
        "postgresql",
        "prometheus",
        "redis-server",
        "valgrind",
    }
    locally = (ROOT / ".ci" / "run").read_text("utf-8")
    assert installed <= set(locally.split())
    assert re.search(r"^make test\nmake --keep-going prove\b", locally, re.MULTILINE)


@pytest.mark.parametrize("lost", ["valgrind", "redis-server"])
def test_each_package_that_is_missing_is_noticed_alone(lost: str, tmp_path: Path) -> None:
    text = (ROOT / ".ci" / "run").read_text("utf-8")
    checks = text[text.index("missing=()") : text.index("if ((${#missing")]
    root = tmp_path / "root"
    for path in re.findall(r"find_or_install '([^']+)'", checks):
        program = root / path.replace("*", "15").lstrip("/")
        program.parent.mkdir(parents=True, exist_ok=True)
        if program.name != lost:
            program.write_text("")
    there = checks.replace("find_or_install '/", f"find_or_install '{root.as_posix()}/")
    ended = run("bash", "-euc", there + 'echo "${missing[@]}"', cwd=tmp_path)
    assert ended.stdout.split() == [lost], ended.stderr


def test_a_release_has_its_part_of_the_changelog_as_notes(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    parts = [
        "# Changelog\n",
        "## [Unreleased]\n\n- Later.\n",
        "## [1.2.3] - 2026-11-26\n\n- Now.\n",
    ]
    (tmp_path / "CHANGELOG.md").write_text("\n".join([*parts, "## [1.2.2]\n\n- Before.\n"]))
    (tmp_path / "cookiecutter.json").write_text('{\n  "_version": "1.2.3"\n}\n')
    ended = run("make", "notes", "TAG=v1.2.3", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip() == "- Now."
    ended = run("make", "notes", "TAG=v1.2.2", cwd=tmp_path)
    assert "cookiecutter.json has another _version than v1.2.2" in ended.stderr
    (tmp_path / "cookiecutter.json").write_text('{\n  "_version": "9"\n}\n')
    ended = run("make", "notes", "TAG=v9", cwd=tmp_path)
    assert ended.returncode != 0
    assert "CHANGELOG.md has no part about v9" in ended.stderr


def test_the_template_says_one_version_of_itself() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == MANIFEST["_version"]


def test_both_kinds_of_hooks_are_installed(tmp_path: Path) -> None:
    shutil.copy(ROOT / ".pre-commit-config.yaml", tmp_path)
    assert run("git", "init", "--quiet", cwd=tmp_path).returncode == 0
    ended = run("pre-commit", "install", cwd=tmp_path)
    assert ended.returncode == 0, ended.stdout
    assert (tmp_path / ".git" / "hooks" / "pre-commit").exists()
    config = load(ROOT / ".pre-commit-config.yaml")["repos"][0]["hooks"]
    for stage in {stage for hook in config for stage in hook.get("stages", [])}:
        assert (tmp_path / ".git" / "hooks" / stage).exists(), stage


def test_what_a_service_publishes_on_github_is_scanned_listed_and_attested(tmp_path: Path) -> None:
    made = workflows(carve(tmp_path / "orders"))
    used = {
        name: [step for step in steps(job) if "uses" in step]
        for name, job in made["ci.yml"]["jobs"].items()
    }
    (scan,) = (it["with"] for it in used["stages"] if "/scan-action@" in it["uses"])
    assert (scan["image"], scan["severity-cutoff"]) == ("${{ env.IMAGE }}", "high")
    pushed = "${{ steps.push.outputs.%s }}"
    (listed,) = (it["with"] for it in used["push"] if "/sbom-action@" in it["uses"])
    assert listed["image"] == pushed % "image"
    attested = [it["with"] for it in used["push"] if it["uses"].startswith("actions/attest@")]
    assert [it.get("sbom-path") for it in attested] == [listed["output-file"], None]
    for it in attested:
        assert it["subject-name"] == pushed % "name"
        assert it["subject-digest"] == pushed % "digest"
        assert it["push-to-registry"] is True
    assert "dependency-review-action@" in used["dependencies"][-1]["uses"]
    audit = made["audit.yml"]
    assert "schedule" in audit[True]
    assert list(steps(audit["jobs"]["scan"]))[-1] == {"run": "make scan"}
