"""What a document says there is, and whether it is there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from tests.template import files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOREIGN = (".git/", ".venv", ".uv", ".hypothesis", "build", "{{")
FETCHED = "node_modules/"
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.MULTILINE | re.DOTALL)
TARGET = re.compile(r"(?:^|[`$&;(\s])make ([a-z][a-z0-9-]*)", re.MULTILINE)


def sources(root: Path, *suffixes: str) -> dict[str, str]:
    """Text of the folder's own files of some kinds; the raw tree and what tools made are not."""
    own = [path for path in root.iterdir() if not f"{path.name}/".startswith(FOREIGN)]
    found = {path.name: path for path in own if path.is_file()}
    for folder in (path for path in own if path.is_dir()):
        inside = {name: path for name, path in files(folder).items() if FETCHED not in name}
        found |= {f"{folder.name}/{name}": path for name, path in inside.items()}
    return {
        name: path.read_text("utf-8") for name, path in found.items() if path.suffix in suffixes
    }


def dead_links(root: Path) -> Iterator[str]:
    """Yield each relative link that leads nowhere, anchors included."""
    for name, text in sources(root, ".md").items():
        for link in LINK.findall(CODE.sub("", text)):
            if re.match(r"[a-z]+:", link):
                continue
            target, _, anchor = unquote(link).partition("#")
            path = (root / name).parent / target if target else root / name
            if not path.exists() or (anchor and anchor not in anchors(path.read_text("utf-8"))):
                yield f"{name}: {link}"


def anchors(markdown: str) -> set[str]:
    """Anchors of a document's headings, as GitHub and GitLab make them."""
    headings = re.findall(r"^#+ (.+)$", markdown, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in headings}


def lost_targets(root: Path, *others: Path) -> Iterator[str]:
    """Yield each `make` target that a document or a pipeline names and no Makefile has.

    That of `root` counts, and those of the folders that its documents speak of as well.
    """
    names = ("Makefile", "*.mk", "compose/*.mk")
    makefiles = [it for folder in (root, *others) for name in names for it in folder.glob(name)]
    texts = [it.read_text("utf-8") for it in makefiles]
    targets = re.findall(r"^([a-z][a-z0-9-]*):", "\n".join(texts), re.MULTILINE)
    pipelines = sources(root, ".yml", ".yaml")
    code = {name: "\n".join(CODE.findall(text)) for name, text in sources(root, ".md").items()}
    for name, text in {**code, **pipelines}.items():
        yield from (f"{name}: make {it}" for it in TARGET.findall(text) if it not in targets)
