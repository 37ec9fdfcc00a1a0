"""The pipelines of a service: their jobs and lines, and stand-ins for the programs they call."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXPRESSION = re.compile(r"\$\{\{ (.+?) \}\}")
UPDATING = {"update", "propose"}
"""Jobs that bring a newer version of the template in, apart from the stages."""
BESIDE = {*UPDATING, "api-diff"}
"""Jobs that are no stage of their own."""
DIGEST = f"sha256:{'d' * 64}"
STANDINS = {
    "docker": f"""case "$*" in
  "image inspect"*) echo "${{IMAGE%:*}}@{DIGEST}";;
  "run --detach"*) echo the-container;;
  login*) [ "$(cat)" = t0ken ];;
esac""",
    "uv": 'case "$*" in *" pip-audit "*) cat >/dev/null;; esac',
    **dict.fromkeys(("apk", "cosign", "gh", "syft"), ":"),
}
"""Programs that reach outside: name -> what stands in for it, once it has noted its arguments."""


class Line(NamedTuple):
    """A script of a pipeline: where it is, what it runs, and with which variables."""

    file: str
    job: str
    step: str
    script: str
    variables: dict[str, str]

    @property
    def stages(self) -> list[str]:
        """Stages that it calls."""
        return re.findall(r"^make (\w+)(?![\w-])", self.script, re.MULTILINE)


def load(path: Path) -> Any:  # noqa: ANN401 - it is whatever it is
    return yaml.safe_load(path.read_text("utf-8"))


def workflows(root: Path) -> dict[str, Any]:
    """Workflows for GitHub, by name; YAML 1.1 reads their key `on` as true."""
    return {path.name: load(path) for path in sorted((root / ".github/workflows").glob("*.yml"))}


def jobs(service: Path) -> dict[str, Any]:
    """The jobs of the pipeline, whoever runs it; those that GitLab's templates bring are not."""
    if (service / ".gitlab-ci.yml").exists():
        read = load(service / ".gitlab-ci.yml")
        inherited = {name: job for name, job in read.items() if name.startswith(".")}
        found = {name: job for name, job in read.items() if "script" in job and name[0] != "."}
        return {
            name: {**inherited.get(job.get("extends"), {}), **job} for name, job in found.items()
        }
    return dict(workflows(service).get("ci.yml", {}).get("jobs", {}))


def lines(service: Path) -> Iterator[Line]:
    """Every line that the pipeline runs, in its order."""
    if (service / ".gitlab-ci.yml").exists():
        shared = load(service / ".gitlab-ci.yml")["variables"]
        for name, job in jobs(service).items():
            variables = {**shared, **job.get("variables", {})}
            script = "\n".join([*job.get("before_script", []), *job["script"]])
            yield Line(".gitlab-ci.yml", name, "", script, variables)
    for file, workflow in workflows(service).items():
        for name, job in workflow["jobs"].items():
            for step in job["steps"]:
                if "run" in step:
                    variables = {**workflow.get("env", {}), **step.get("env", {})}
                    yield Line(file, name, step.get("id", ""), step["run"], variables)


class Calls:
    """Lines run with stand-ins for the programs that reach outside, which note their arguments."""

    def __init__(self, folder: Path) -> None:
        self.notes = folder / "calls"
        self.output = folder / "output"
        self.known: dict[str, str] = {
            "github.sha": "5ha",
            "github.token": "t0ken",
            "github.repository": "example/orders",
            "github.event.pull_request.base.sha": "0ld",
            "github.event.pull_request.head.sha": "5ha",
        }
        self.programs = folder / "programs"
        self.programs.mkdir()
        for name, does in STANDINS.items():
            program = self.programs / name
            program.write_text(
                f'#!/bin/sh\necho {name} "$@" | paste -sd" " >> "{self.notes}"\n{does}\n'
            )
            program.chmod(0o755)
        self.provided = {
            "GITHUB_REF_NAME": "v1.2.3",
            "GITHUB_ACTOR": "somebody",
            "GITHUB_REPOSITORY": "example/orders",
            "CI_REGISTRY": "registry.example",
            "CI_REGISTRY_IMAGE": "registry.example/orders",
            "CI_REGISTRY_USER": "somebody",
            "CI_REGISTRY_PASSWORD": "t0ken",
            "CI_COMMIT_SHA": "5ha",
            "CI_COMMIT_TAG": "v1.2.3",
            "CI_COMMIT_REF_SLUG": "v1.2.3",
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": "0ld",
        }
        self.image = ""

    @property
    def made(self) -> list[str]:
        return self.notes.read_text().splitlines() if self.notes.exists() else []

    def run(self, line: Line, service: Path) -> None:
        """Run a line, with its variables as its provider would fill them in."""
        self.output.write_text("")
        given = {"PATH": f"{self.programs}:/usr/bin:/bin", "GITHUB_OUTPUT": str(self.output)}
        given |= self.provided
        for name, value in line.variables.items():
            filled = EXPRESSION.sub(lambda it: self.known[it[1]], str(value))
            given[name] = re.sub(r"\$(\w+)", lambda it: self.provided[it[1]], filled)
        self.image = given.get("IMAGE", "")
        ended = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", line.script],
            cwd=service,
            env=given,
            check=False,
            capture_output=True,
            text=True,
        )
        assert ended.returncode == 0, f"{line}: {ended.stdout}{ended.stderr}"
        for row in self.output.read_text().splitlines():
            name, _, value = row.partition("=")
            for scope in (f"steps.{line.step}.outputs", f"needs.{line.job}.outputs"):
                self.known[f"{scope}.{name}"] = value
