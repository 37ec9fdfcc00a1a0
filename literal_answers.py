"""Keeps answers literal: they are never rendered as templates.

Cookiecutter renders answers that come as `key=value`, from its API, from a user's configuration or
from `.cruft.json` with Jinja, before any hook could refuse them. This extension keeps every such
text as it is. Only three Jinja expressions are left, and this module computes them. An update by
cruft renders a new template with the old one's module: never change their spelling.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cookiecutter import __version__ as cookiecutter_version
from jinja2.ext import Extension
from slugify import slugify

from unfinished import begin, fail, run_hook

if TYPE_CHECKING:
    from jinja2 import Environment

DERIVED_SLUG = "{{ cookiecutter.project_name | slugify }}"  # a default in cookiecutter.json
DIRECTORY = "{{cookiecutter.project_slug}}"  # the name of the raw tree
ANSWERS = "{{ cookiecutter | tojson }}"  # once in each hook
OLDEST = (2, 3)
"""The oldest cookiecutter that this template works with; 2.3 is of August 2023."""
MANIFEST = json.loads((Path(__file__).parent / "cookiecutter.json").read_text("utf-8"))
OPTIONS = [name for name, answer in MANIFEST.items() if isinstance(answer, bool)]
YES_OR_NO = {
    **dict.fromkeys(("1", "true", "t", "yes", "y", "on"), True),
    **dict.fromkeys(("0", "false", "f", "no", "n", "off"), False),
}
"""Texts that cookiecutter accepts for yes or no; before 2.7 it leaves `metrics=false` a text."""
NEEDS = {"deployment": ("docker", "none", "it rolls out an image")}
"""Answers that need an option: question -> the option, the answer without it, and why."""

if tuple(map(int, cookiecutter_version.split(".")[:2])) < OLDEST:
    sys.exit(
        f"This template needs cookiecutter {'.'.join(map(str, OLDEST))} or later, and this is "
        f"{cookiecutter_version}. Update it, or run: uvx cookiecutter"
    )


class LiteralAnswers(Extension):
    """Makes Jinja return every text unchanged."""

    def __init__(self, environment: Environment) -> None:
        """Add the filter that replaces all of Jinja."""
        super().__init__(environment)
        environment.filters["literal"] = literal
        logging.getLogger("cookiecutter.hooks").addFilter(without_traceback)

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Replace the text of a template with an expression that only quotes it."""
        del name, filename
        return "{{ cookiecutter | literal(" + ascii(source) + ") }}"


def literal(answers: dict[str, Any], text: str) -> str:
    """Return the text unchanged, except for the three expressions, each at its own stage."""
    if "_extensions" in answers:  # the last key of cookiecutter.json: everything is answered
        if text == DIRECTORY:
            name = directory(str(answers["project_slug"]), answers.get("_output_dir"))
            begin(resolve(answers), name)
            return name
        if ANSWERS in text:
            run_hook()
        return text.replace(ANSWERS, json.dumps(resolve(answers)))
    if text == DERIVED_SLUG and list(answers) == ["project_name"]:
        return slugify(str(answers["project_name"]))
    return text


def resolve(answers: dict[str, Any]) -> dict[str, Any]:
    """Return the answers with true and false for yes and no, and without a contradiction.

    `_resolved` has a line for each contradiction: its resolution, and the reason.
    """
    texts = {name: answers[name] for name in OPTIONS if isinstance(answers.get(name), str)}
    answers = {**answers, **{name: YES_OR_NO.get(it.lower(), it) for name, it in texts.items()}}
    lines = []
    for question, (option, without, why) in NEEDS.items():
        wanted = answers.get(question, without)
        if wanted != without and answers.get(option) is False:
            answers = {**answers, question: without}
            lines.append(f"{question} is {without}, not {wanted}: {why}, and {option} is off.")
    return {**answers, "_resolved": lines} if lines else answers


def directory(slug: str, place: str | None = None) -> str:
    """Return the directory to create; a slug that will be refused must not choose its own place."""
    if not re.fullmatch("[a-z][a-z0-9-]{0,39}", slug):
        return "_refused"
    there = Path(place, slug) if place else None
    return "_refused" if there and there.is_dir() and any(there.iterdir()) else slug


def without_traceback(record: logging.LogRecord) -> bool:
    """Log a hook's message alone; cookiecutter would bury it under its own traceback."""
    if record.exc_info:
        record.exc_info = None
        fail()
    return True
