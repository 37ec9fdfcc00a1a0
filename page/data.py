"""Collects what the page needs from the template: raw tree, questions, and rules of the hooks.

The port of the carving (page/*.mjs) has no list of its own: options, choices, refused names and
characters are read here from the template, from its hooks, and from the Python that runs them.
"""

from __future__ import annotations

import json
import keyword
import pkgutil
import re
import sys
import unicodedata
from html.entities import name2codepoint
from itertools import groupby
from pathlib import Path
from runpy import run_path
from typing import Any

import literal_answers
import post_gen_project as carving
import pre_gen_project as refusals

ROOT = Path(__file__).parent.parent
RAW = ROOT / "{{cookiecutter.project_slug}}"
SLUG = "project_slug"
CHARACTERS = sys.maxunicode + 1
LETTERS = "data.bin"  # text-unidecode's table: an entry for every character except the first


def read_template(source: str | None = None) -> dict[str, Any]:
    """Collect everything; `source` is the address of the template that a service records.

    Raises:
        SystemExit: a file of the raw tree is not a text; the page supports only texts.

    """
    manifest = literal_answers.MANIFEST
    digest = run_path(str(RAW / "chassis" / "digest.py"))
    paths = sorted(path for path in RAW.rglob("*") if path.is_file() and offered(path, manifest))
    return {
        "manifest": manifest,
        "files": {name(path): text(path) for path in paths},
        "executable": [name(path) for path in paths if path.stat().st_mode & 0o100],
        "comments": carving.COMMENTS,
        "quoted": sorted(carving.QUOTED),
        "ignored": sorted(digest["IGNORED"]),
        "raw_tree": carving.tree_id(RAW),
        "source": carving.source(source or ""),
        "texts": refusals.TEXTS,
        "words": refusals.WORDS,
        "taken": taken(),
        "contradictions": refusals.CONTRADICTIONS,
        "needs": literal_answers.NEEDS,
        "yes_or_no": literal_answers.YES_OR_NO,
        "unfit": refusals.UNFIT,
        "hidden": refusals.HIDDEN,
        "spaces": "".join(it for it in map(chr, range(CHARACTERS)) if it.isspace()),
        "unprintable": [
            len(list(those)) for _, those in groupby(map(chr, range(CHARACTERS)), str.isprintable)
        ],
        "letters": letters(),
        "entities": name2codepoint,
    }


def name(path: Path) -> str:
    """Return a path in the form of the template's rules."""
    return path.relative_to(RAW).as_posix()


def text(path: Path) -> str:
    """Read a file of the raw tree."""
    try:
        return carving.read(path).decode()
    except UnicodeDecodeError:
        raise SystemExit(
            f"page: {name(path)} is not a text. The page supports only texts."
        ) from None


def offered(path: Path, manifest: dict[str, Any]) -> bool:
    """Return whether any answers on the page can produce a file; private options are off there."""
    off = {it for it, answer in manifest.items() if it.startswith("_") and answer is False}
    kept_out = [one for condition in off for one in manifest["_paths"].get(condition, ())]
    hidden = any(f"{name(path)}/".startswith(f"{one}/") for one in kept_out)
    return not hidden and "__pycache__" not in path.parts


def taken() -> dict[str, str]:
    """List the well-formed slugs that are refused, each with the reason."""
    modules = {it.replace("_", "-") for it in getattr(sys, "stdlib_module_names", ())}
    names = {*modules, *keyword.kwlist, *refusals.INSIDE, *refusals.DEPENDENCIES}
    fine = [it for it in sorted(names) if re.fullmatch(refusals.WORDS[SLUG][0], it)]
    return {it: reason for it in fine if (reason := refusals.taken(it))}


def letters() -> str:
    """Return python-slugify's replacement for each character from the second one on, one per line.

    A character that its normal form replaces never reaches the table. Line ends become spaces: a
    slug has neither.
    """
    table = (pkgutil.get_data("text_unidecode", LETTERS) or b"").decode().split("\0")
    rows = []
    for code, written in enumerate(table, 1):
        replaced = unicodedata.normalize("NFKD", chr(code)) != chr(code)
        rows.append("" if replaced else written.replace("\n", " "))
    return "\n".join(rows).rstrip("\n")


def as_json(template: dict[str, Any]) -> str:
    """Return the data as JSON that is safe in a script element of HTML."""
    whole = json.dumps(template, ensure_ascii=False, separators=(",", ":"))
    return whole.replace("<", "\\u003c")
