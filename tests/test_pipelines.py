"""Pipelines: what their readers and linters make of them, and what each of their lines does."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

import pytest

from tests.pipelines import BESIDE, DIGEST, STANDINS, UPDATING, Calls, jobs, lines, load, workflows
from tests.template import MANIFEST, RAW, ROOT, carve, files, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pipelines import Line

LEAN: dict[str, object] = {
    **{name: False for name, default in MANIFEST.items() if default is True},
    **{name: "none" for name, choices in MANIFEST["_choices"].items() if "none" in choices},
}
CARVINGS: dict[str, dict[str, object]] = {
    "github": {"ci": "github"},
    "github, lean": {**LEAN, "ci": "github"},
    "gitlab": {"ci": "gitlab"},
    "gitlab, lean": {**LEAN, "ci": "gitlab"},
    "none": {"ci": "none"},
}
SCHEMAS = {
    ".github/workflows/*.yml": "github-workflows",
    ".github/dependabot.yml": "dependabot",
    ".gitlab-ci.yml": "gitlab-ci",
    "renovate.json": "renovate",
    "**/compose*.yaml": "compose-spec",
}
STAGES = ("lint", "types", "test", "build", "scan", "push")
PINNED = re.compile(r"uses: ([\w./-]+)@([0-9a-f]{40}) # (v[\d.]+)$")
SERVERS = re.compile(r"(?:image|name): ((?:postgres|redis):\S+)")
DEFAULT_AND_TAGS = (
    "github.ref_type == 'tag' || github.ref_name == github.event.repository.default_branch"
)
MAIN_AND_TAGS = ["$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH", "$CI_COMMIT_TAG =~ /^v/"]


@pytest.fixture(params=CARVINGS, scope="module")
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = carve(tmp_path_factory.mktemp("pipelines") / "orders", **CARVINGS[request.param])
    (where / "uv.lock").touch()
    return where


def staged(service: Path) -> list[Line]:
    """The lines of the pipeline but those that bring a newer version of the template in."""
    return [line for line in lines(service) if line.job not in UPDATING]


def test_it_is_what_its_readers_take_it_for(service: Path) -> None:
    for pattern, schema in SCHEMAS.items():
        if found := sorted(map(str, service.glob(pattern))):
            check = ("check-jsonschema", "--builtin-schema", f"vendor.{schema}")
            ended = run(*check, *found, cwd=service)
            assert ended.returncode == 0, ended.stdout
    ended = run("pre-commit", "validate-config", ".pre-commit-config.yaml", cwd=service)
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize("root", [*CARVINGS, "the template"])
def test_linters_have_nothing_to_say(root: str, tmp_path: Path) -> None:
    where, own = ROOT, [".github", ".pre-commit-config.yaml"]
    if root in CARVINGS:
        where = carve(tmp_path / "orders", **CARVINGS[root])
        own = [name for name in files(where) if name.endswith((".yml", ".yaml"))]
    commands = [("yamllint", "--strict", "--config-file", str(RAW / ".yamllint.yaml"), *own)]
    if (where / ".github").exists():
        found = [f".github/workflows/{name}" for name in workflows(where)]
        commands += [("zizmor", "--offline", "--pedantic", ".github"), ("actionlint", *found)]
    for command in commands:
        ended = run(*command, cwd=where)
        assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_shell_linter_has_nothing_to_say(service: Path) -> None:
    for line in lines(service):
        known = "".join(f"export {name}\n" for name in line.variables)
        ended = run("shellcheck", "--shell=bash", "-", cwd=service, typed=known + line.script)
        assert ended.returncode == 0, f"{line.job}: {ended.stdout}"


def test_makefile_pipeline_and_page_have_the_same_stages(service: Path) -> None:
    output = run("make", "--dry-run", "PUSH=yes", "ci", cwd=service).stdout
    found = re.search(r"for stage in ([a-z ]+?) *;", output)
    assert found, output
    stages = found[1].split()
    with_image = (service / "Dockerfile").exists()
    assert stages == [it for it in STAGES if with_image or it not in {"build", "push"}]
    _, _, page = (service / "docs" / "develop.md").read_text("utf-8").partition("## Pipeline")
    assert re.findall(r"^\| `make (\w+)` \|", page, re.MULTILINE) == stages
    of_pushes = [line for line in staged(service) if line.file != "audit.yml"]
    assert [stage for line in of_pushes for stage in line.stages] == (stages if of_pushes else [])
    if (service / ".gitlab-ci.yml").exists():
        assert load(service / ".gitlab-ci.yml")["stages"] == [*stages, "release"]
        known = {name: job["stage"] for name, job in jobs(service).items() if name not in BESIDE}
        assert all(stage == name for name, stage in known.items())


def test_every_line_runs_and_what_is_published_is_what_was_built(
    service: Path, tmp_path: Path
) -> None:
    # All of them are run, by bash and make; what reaches outside has a stand-in.
    calls = Calls(tmp_path)
    for line in staged(service):
        calls.run(line, service)
    if not calls.made:
        assert not list(staged(service))
        return
    for command in "ruff check", "mypy app tests", "pytest":
        assert f"uv run --quiet {command}" in calls.made
    assert any("pip-audit" in call for call in calls.made)
    published = [call for call in calls.made if not call.startswith(("uv", "apk"))]
    released = [call for call in published if call.startswith("gh release create v1.2.3 ")]
    assert len(released) == (service / ".github").exists()
    image, name = calls.image, calls.image.partition(":")[0]
    pushed = f"{name}@{DIGEST}"
    on_gitlab = [
        "syft scan --quiet docker-archive:image.tar --output spdx-json=sbom.spdx.json",
        f"cosign attest --yes --type spdxjson --predicate sbom.spdx.json {pushed}",
    ]
    with_image = [
        f"docker build --tag {image} .",
        f"docker run --detach --env ENVIRONMENT=test {image}",
        "docker exec the-container python -m app health",
        "docker rm --force --volumes the-container",
        f"docker save --output image.tar {image}",
        f"docker login --password-stdin {image.partition('/')[0]}",
        "docker load --input image.tar",
        f"docker push {image}",
        f"docker image inspect --format {{{{index .RepoDigests 0}}}} {image}",
        *(on_gitlab if (service / ".gitlab-ci.yml").exists() else []),
        f"cosign sign --yes {pushed}",
        f"docker buildx imagetools create --prefer-index=false --tag {name}:v1.2.3 {pushed}",
    ]
    asked = [it for it in published if it.startswith("gh api ")]
    assert len(asked) == (service / ".github").exists()
    bare = [re.sub(r" --(build-arg|username) \S+", "", call) for call in published]
    assert bare == [
        *(with_image if (service / "Dockerfile").exists() else []),
        *released,
        *asked,
    ]


def test_a_merge_request_is_compared_with_what_it_would_be_merged_into(
    service: Path, tmp_path: Path
) -> None:
    calls = Calls(tmp_path)
    for line in (it for it in lines(service) if "make api-diff" in it.script):
        calls.run(line, service)
    on_gitlab = (service / ".gitlab-ci.yml").exists()
    base = "0ld" if on_gitlab else "HEAD^1"
    has_pipeline = on_gitlab or (service / ".github").exists()
    compared = [f"uv run --quiet python -m chassis.api_diff {base}"]
    assert calls.made == (compared if has_pipeline else [])
    if on_gitlab:
        job = jobs(service)["api-diff"]
        assert job["rules"] == [{"if": '$CI_PIPELINE_SOURCE == "merge_request_event"'}]
        assert job["variables"] == {"GIT_DEPTH": "0"}
    elif has_pipeline:
        checkout, *steps = jobs(service)["stages"]["steps"]
        assert checkout["with"]["fetch-depth"] == 2
        (step,) = (it for it in steps if "api-diff" in it.get("run", ""))
        assert step["if"] == "github.event_name == 'pull_request'"


def test_it_calls_only_programs_that_the_test_above_knows(service: Path) -> None:
    known = {"make", "echo", "printf", *STANDINS}
    for line in staged(service):
        for command in filter(None, map(str.strip, line.script.splitlines())):
            assert re.sub(r"^\w+=\$\(", "", command).split()[0] in known, command


def test_only_main_and_tags_publish_and_somebody_can_be_asked(service: Path) -> None:
    for workflow in workflows(service).values():
        assert workflow["permissions"] == {}
        assert set(workflow[True]) <= {"push", "pull_request", "schedule", "workflow_dispatch"}
        assert workflow[True].get("push") in (None, {"branches": ["**"], "tags": ["v*"]})
    for name, job in jobs(service).items():
        publishes = name in {"push", "release"}
        writes = "write" in job.get("permissions", {}).values()
        assert writes == (publishes and (service / ".github").exists()), name
        assert job.get("environment") == ("release" if publishes else None), name
        if publishes and (service / ".gitlab-ci.yml").exists():
            no_audit, *rules = job["rules"]
            assert no_audit == {"if": '$CI_PIPELINE_SOURCE == "schedule"', "when": "never"}
            allowed = MAIN_AND_TAGS if name == "push" else MAIN_AND_TAGS[1:]
            assert rules == [{"if": rule} for rule in allowed]
        elif publishes:
            push, tag = "github.event_name == 'push'", "github.ref_type == 'tag'"
            assert job["if"] == (push if name == "push" else tag)
            assert "stages" in job["needs"]
        elif name == "stages":
            assert job["if"] == f"github.event_name == 'pull_request' || {DEFAULT_AND_TAGS}"


def test_what_a_private_repository_lacks_is_skipped_and_said(service: Path) -> None:
    if not (service / ".github").exists():
        return
    found = jobs(service)
    paid = {"actions/attest": "private", "actions/dependency-review-action": "missing"}
    for job in (found["dependencies"], *([found["push"]] if "push" in found else [])):
        conditions = [
            (it.get("uses", "").partition("@")[0], it.get("run", ""), it.get("if", ""))
            for it in job["steps"]
        ]
        for name, _, condition in conditions:
            if name in paid:
                assert condition.startswith("${{ !")
                assert paid[name] in condition
        (said,) = (it for it in conditions if "::warning title=" in it[1])
        assert " is skipped::" in said[1]
        assert any(word in said[2] for word in paid.values())


def test_an_action_is_pinned_to_one_commit_here_and_in_the_template() -> None:
    pins: dict[str, set[str]] = {}
    for root in RAW, ROOT:
        for path in sorted((root / ".github/workflows").glob("*.yml")):
            for row in path.read_text("utf-8").splitlines():
                if "uses:" in row and "uses: ./" not in row:
                    found = PINNED.search(row)
                    assert found, row
                    pins.setdefault(found[1], set()).add(f"{found[2]} {found[3]}")
    assert {action: commits for action, commits in pins.items() if len(commits) > 1} == {}


def test_updates_look_wherever_versions_are_pinned_and_wait_a_week(service: Path) -> None:
    if (service / "renovate.json").exists():
        renovate = json.loads((service / "renovate.json").read_text("utf-8"))
        assert renovate["minimumReleaseAge"] == "7 days"
    if (service / ".github").exists():
        updates = load(service / ".github/dependabot.yml")["updates"]
        assert {update["cooldown"]["default-days"] for update in updates} == {7}
        looks = {"uv": "pyproject.toml", "github-actions": ".github/workflows/*.yml"}
        looks |= {"docker": "Dockerfile", "docker-compose": "**/compose*.yaml"}
        expected = {name for name, pattern in looks.items() if list(service.glob(pattern))}
        assert {update["package-ecosystem"] for update in updates} == expected
        for update in updates:
            if update["package-ecosystem"] == "docker-compose":
                composed = {path.parent for path in service.glob("compose/*.yaml")}
                assert composed <= matching(service, update["directories"])
    if (service / "Dockerfile").exists():
        lines = "# renovate: datasource=pypi depName=uv\nARG UV_VERSION="
        assert (lines in (service / "Dockerfile").read_text()) == (
            service / "renovate.json"
        ).exists()


def matching(service: Path, patterns: list[str]) -> set[Path]:
    """Find the folders that Dependabot does: for Ruby, two stars at the end are one."""
    ours = [re.sub(r"\*\*$", "*", pattern.strip("/")) for pattern in patterns]
    return {service, *(path for pattern in ours for path in service.glob(pattern))}


def test_checks_run_against_the_servers_that_run_with_the_service(service: Path) -> None:
    pipelines = (service / ".github/workflows/ci.yml", service / ".gitlab-ci.yml")
    used = [
        it for path in pipelines if path.exists() for it in SERVERS.findall(path.read_text("utf-8"))
    ]
    compose = [path.read_text("utf-8") for path in service.glob("compose/*.yaml")]
    assert set(used) <= {it for text in compose for it in SERVERS.findall(text)}
    servers = {"postgres": "database", "redis": "cache"}
    servers = {it: name for it, name in servers.items() if (service / "chassis" / name).exists()}
    for line in lines(service):
        if "test" in line.stages and line.job not in UPDATING:
            given = {name for name in line.variables if name.startswith("TEST_")}
            assert given == {f"TEST_{name.upper()}_URL" for name in servers.values()}
            assert {it.partition(":")[0] for it in used} == servers.keys()


@pytest.mark.parametrize("ci", ["github", "gitlab"])
def test_it_runs_on_the_chosen_python_only(tmp_path: Path, ci: str) -> None:
    service = carve(tmp_path / "orders", ci=ci, python_version="3.11")
    assert (service / ".python-version").read_text("utf-8").strip() == "3.11"
    if ci == "gitlab":
        assert load(service / ".gitlab-ci.yml")["default"]["image"] == "python:3.11"
    for job in jobs(service).values():
        for step in job.get("steps", []):
            if "setup-python" in step.get("uses", ""):
                assert step["with"] == {"python-version-file": ".python-version"}


def in_repository(service: Path, *tags: str) -> None:
    """Make a repository of the folder around a service, or of its own, with a commit and tags."""
    somebody = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    made = (("init", "-q"), (*somebody, "commit", "-qm", "a", "--allow-empty"))
    for command in (*made, *(("tag", tag) for tag in tags)):
        assert run("git", *command, cwd=service).returncode == 0


@pytest.mark.parametrize(
    ("tags", "version"),
    [(["v1.2.3"], "1.2.3"), (["v1+a"], "1+a"), (["v1;x"], ""), (["latest"], ""), (["a/v1"], "")],
)
def test_an_image_of_a_tag_says_that_it_is_this_release(
    tmp_path: Path, tags: list[str], version: str
) -> None:
    service = carve(tmp_path / "orders")
    in_repository(service, *tags)
    output = run("make", "--dry-run", "image", cwd=service).stdout
    assert f"--build-arg VERSION={version} --build-arg" in output


def test_in_a_larger_repository_only_tags_of_the_folder_are_releases(tmp_path: Path) -> None:
    service = carve(tmp_path / "services" / "orders")
    in_repository(tmp_path, "v9.9.9")
    output = run("make", "--dry-run", "image", cwd=service).stdout
    assert "--build-arg VERSION= --build-arg" in output
    assert run("git", "tag", "services/orders/v1.2.3", cwd=service).returncode == 0
    output = run("make", "--dry-run", "image", cwd=service).stdout
    assert "--build-arg VERSION=1.2.3 --build-arg" in output


def test_an_image_is_not_built_where_git_refuses_to_tell_the_revision(tmp_path: Path) -> None:
    service = carve(tmp_path / "orders")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, script in {
        "git": "echo \"fatal: detected dubious ownership in repository at '/x'\" >&2; exit 128",
        "docker": "echo built",
        "uv": "true",
    }.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    path = f"{programs}:{os.environ['PATH']}"
    ended = run("make", "image", cwd=service, PATH=path)
    assert ended.returncode != 0
    assert "dubious ownership" in ended.stdout
    assert "built" not in ended.stdout
    assert "built" in run("make", "image", "REVISION=abc", cwd=service, PATH=path).stdout


@pytest.mark.parametrize("ci", ["github", "gitlab"])
def test_a_tag_with_a_plus_names_an_image_with_an_underscore(tmp_path: Path, ci: str) -> None:
    service = carve(tmp_path / "orders", ci=ci)
    file = {"github": ".github/workflows/ci.yml", "gitlab": ".gitlab-ci.yml"}[ci]
    text = (service / file).read_text("utf-8")
    (name,) = re.findall(r"--tag \"[^\"]*?(\$\{GITHUB_REF_NAME[^\"]*|\$NAME)\"", text)
    given = re.findall(r"- (NAME=.*)", text)
    script = "\n".join([*given, f"echo {name}"])
    variables = {"GITHUB_REF_NAME": "v1.2.3+a", "CI_COMMIT_TAG": "v1.2.3+a"}
    assert run("bash", "-c", script, cwd=tmp_path, **variables).stdout == "v1.2.3_a\n"
