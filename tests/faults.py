"""What can be wrong with a variant of a file, and with what files say of each other.

Each function yields a line for each fault, with the nearest combination of answers that has it.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections import defaultdict
from pathlib import PurePosixPath
from posixpath import normpath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import yaml

from tests.documents import CODE, LINK, TARGET, anchors
from tests.variants import COMBINATIONS, sum_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.variants import Tree

MARKERS = re.compile(r"(#|//|<!--) (if .+|end|else:?)( -->)?$")
RECORD = ".cookiecutter.json"
PARSERS: dict[str, Callable[[str], Any]] = {
    ".py": lambda text: compile(text, "<variant>", "exec", dont_inherit=True),
    ".toml": tomllib.loads,
    ".json": json.loads,
    ".yml": lambda text: list(yaml.safe_load_all(text)),
    ".yaml": lambda text: list(yaml.safe_load_all(text)),
}


def traces(tree: Tree, words: dict[str, list[str]]) -> Iterator[str]:
    """Yield each line and path that has words of what is off, and each condition without any."""
    for condition, patterns in words.items():
        pattern = re.compile("|".join(patterns), re.IGNORECASE)
        on, seen = COMBINATIONS.holding(condition), 0
        for name, text, where in (*every_line(tree), *every_path(tree)):
            if pattern.search(text):
                seen |= where
                if where & ~on:
                    yield f"{name}: {text}: {condition} is off: {COMBINATIONS.named(where & ~on)}"
        if on & ~seen:
            yield f"{condition}: no word of it though it is on: {COMBINATIONS.named(on & ~seen)}"


def every_line(tree: Tree) -> Iterator[tuple[str, str, int]]:
    """Yield each line that each file can have."""
    for name, lines in tree.lines.items():
        yield from ((name, line, where) for line, where in lines.items())


def every_path(tree: Tree) -> Iterator[tuple[str, str, int]]:
    """Yield each file as if its path were a line of it."""
    yield from ((name, name, tree.paths[name]) for name in tree.raw)


def leftovers(tree: Tree) -> Iterator[str]:
    """Yield what of the template is left in a service: its name, markers, gaps of what was cut."""
    for name, line, where in every_line(tree):
        if "cookiecutter" in line.replace(RECORD, "") or MARKERS.search(line):
            yield f"{name}: {line}: {COMBINATIONS.named(where)}"
    for name, text, where in tree.variants:
        code = name.endswith((".py", ".mako")) or name.startswith("chassis/features/")
        gap = "\n\n\n" in text and not code
        if gap or text.endswith("\n\n") or (text and not text.strip()):
            yield f"{name}: an empty line too many: {COMBINATIONS.named(where)}"


def broken(tree: Tree) -> Iterator[str]:
    """Yield each variant that its language cannot read."""
    for name, text, where in tree.variants:
        try:
            PARSERS.get(PurePosixPath(name).suffix, str)(text)
        except (SyntaxError, ValueError, yaml.YAMLError) as error:
            yield f"{name}: {error}: {COMBINATIONS.named(where)}"


def dead_links(tree: Tree) -> Iterator[str]:
    """Yield each relative link of a document that leads nowhere, anchors included."""
    titles: dict[tuple[str, str], int] = defaultdict(int)
    links: dict[tuple[str, str], int] = defaultdict(int)
    for name, text, where in tree.named("*.md"):
        for anchor in anchors(text):
            titles[name, anchor] |= where
        for link in LINK.findall(CODE.sub("", text)):
            if not re.match(r"[a-z]+:", link):
                links[name, link] |= where
    for (name, link), where in links.items():
        target, _, anchor = unquote(link).partition("#")
        path = normpath(PurePosixPath(name).parent / target) if target else name
        there = titles[path, anchor] if anchor else tree.paths.get(path.rstrip("/"), 0)
        if where & ~there:
            yield f"{name}: {link}: {COMBINATIONS.named(where & ~there)}"


def lost_targets(tree: Tree) -> Iterator[str]:
    """Yield each `make` target that a document or a pipeline names and no makefile has."""
    targets: dict[str, int] = defaultdict(int)
    for _, text, where in tree.named("Makefile", "*.mk"):
        for target in re.findall(r"^([a-z][a-z0-9-]*):", text, re.MULTILINE):
            targets[target] |= where
    named: dict[tuple[str, str], int] = defaultdict(int)
    for name, text, where in tree.named("*.md", "*.yml", "*.yaml"):
        shown = "\n".join(CODE.findall(text)) if name.endswith(".md") else text
        for target in TARGET.findall(shown):
            named[name, target] |= where
    for (name, target), where in named.items():
        if where & ~targets[target]:
            yield f"{name}: make {target}: {COMBINATIONS.named(where & ~targets[target])}"


def lost_paths(tree: Tree) -> Iterator[str]:
    """Yield each mention of a path that is not there; only whole paths from the root are known."""
    known = {path for path in tree.paths if "/" in path}
    mention = re.compile(r"(?<![\w./*-])(?:\./)?([\w.-]+(?:/[\w.-]+)+)")
    for name, line, where in every_line(tree):
        for path in mention.findall(line):
            lost = where & ~tree.paths[path.rstrip(".")] if path.rstrip(".") in known else 0
            if lost:
                yield f"{name}: {path}: {COMBINATIONS.named(lost)}"


def lost_listings(tree: Tree) -> Iterator[str]:
    """Yield each path of the manifest that is not in the raw tree."""
    yield from (f"_paths, {it}: {path}" for it, path in tree.listed if path not in tree.paths)


def lost_files_of_compose(tree: Tree) -> Iterator[str]:
    """Yield each file that a compose file includes, extends or mounts and that is not there.

    It is sought from the folder of the file, and from the root, as for files that override others.
    """
    named: dict[tuple[str, str], int] = defaultdict(int)
    for name, text, where in tree.named("*compose*.yaml", "compose/*.yaml"):
        for path in referred(yaml.safe_load(text)):
            named[name, path] |= where
    for (name, path), where in named.items():
        around = [normpath(PurePosixPath(name).parent / path), normpath(path)]
        lost = where & ~sum_of(tree.paths.get(it, 0) for it in around)
        if lost and not any(it.startswith(".secrets/") for it in around):
            yield f"{name}: {path}: {COMBINATIONS.named(lost)}"


def referred(node: object, key: str = "") -> Iterator[str]:
    """Yield what a compose file refers to: `include`, `file`, and mounts that start with a dot."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from referred(value, name)
    elif isinstance(node, list):
        for value in node:
            yield from referred(value, key)
    elif isinstance(node, str):
        if key in {"path", "file", "include"}:
            yield node
        elif node.startswith(("./", "../")):
            yield node.partition(":")[0]
