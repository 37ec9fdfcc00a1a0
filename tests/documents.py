"""What a document says there is, and whether it is there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from tests.template import texts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.MULTILINE | re.DOTALL)
TARGET = re.compile(r"(?:^|[`$&;(\s])make ([a-z][a-z-]*)", re.MULTILINE)


def documents(root: Path) -> dict[str, str]:
    """Text of every Markdown file that belongs to the folder itself."""
    return {
        name: text
        for name, text in texts(root).items()
        if name.endswith(".md") and not name.startswith((".", "build/", "{{"))
    }


def dead_links(root: Path) -> Iterator[str]:
    """Yield each relative link that leads nowhere, anchors included."""
    for name, text in documents(root).items():
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


def lost_targets(root: Path) -> Iterator[str]:
    """Yield each `make` target that a document or a pipeline names and the Makefile lacks."""
    targets = re.findall(r"^([a-z][a-z-]*):", (root / "Makefile").read_text("utf-8"), re.MULTILINE)
    pipelines = {
        name: text
        for name, text in texts(root).items()
        if name.endswith((".yml", ".yaml")) and not name.startswith(("build/", "{{", ".venv"))
    }
    code = {name: "\n".join(CODE.findall(text)) for name, text in documents(root).items()}
    for name, text in {**code, **pipelines}.items():
        yield from (f"{name}: make {it}" for it in TARGET.findall(text) if it not in targets)
