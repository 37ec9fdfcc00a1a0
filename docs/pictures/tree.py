# ruff: noqa: INP001 - a script is no package
"""Draws the tree of a carved service, and which answer each part of it belongs to.

From the root of the template: `PYTHONPATH=.:hooks python docs/pictures/tree.py`.
"""

from __future__ import annotations

import ast
import tempfile
from pathlib import Path, PurePath
from textwrap import shorten
from typing import NamedTuple
from xml.sax.saxutils import escape

from tests.template import MANIFEST, carve

OUTPUT = Path(__file__).with_suffix(".svg")
WIDTHS = (250, 686)
"""Pixels that the columns take: the service, and its `app`."""
ROOM = 300
"""Width of a column from which on it has room for sentences."""
SHOWN = 80
"""Characters of a sentence that fit."""
ROW, GAP, TOP, SIGN = 19, 12, 34, 62
STYLE = 'font-family="ui-monospace,monospace" font-size="12" fill="#24292f"'
SAYS = 'fill="#59636e" font-family="system-ui,sans-serif" font-size="11"'
FIELD = {"always": "#eef0f2", "optional": "#dbeafe"}
DARK = (
    '<style>@media(prefers-color-scheme:dark){[fill="#fff"]{fill:#0d1117}[fill="#24292f"]{fill:#e6edf3}'
    '[fill="#59636e"]{fill:#9198a1}[fill="#eef0f2"]{fill:#21262d}[fill="#dbeafe"]{fill:#1c3a5e}}</style>'
)


class Entry(NamedTuple):
    """A file or folder: its name, the answer it belongs to if any, what it says it is."""

    name: str
    belongs: str
    says: str


def entries(folder: Path, root: Path) -> list[Entry]:
    """List what lies in a folder, folders first."""
    found = [path for path in folder.iterdir() if path.name not in {"__init__.py", "__main__.py"}]
    ordered = sorted(found, key=lambda path: (path.is_file(), path.name))
    return [entry(path, path.relative_to(root).as_posix()) for path in ordered]


def entry(path: Path, name: str) -> Entry:
    """Look at one path; it belongs to an answer if it, or all that is in it, does."""
    listed = {it: condition for condition, paths in MANIFEST["_paths"].items() for it in paths}
    inside = [path] if path.is_file() else sorted(it for it in path.rglob("*") if it.is_file())
    root = path.parents[name.count("/")]
    owners = {owner(it.relative_to(root), listed) for it in inside}
    module = path / "__init__.py" if path.is_dir() else path
    text = module.read_text("utf-8") if module.suffix == ".py" and module.exists() else ""
    summary = (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
    shown = f"{path.name}/" if path.is_dir() else path.name
    return Entry(shown, "" if "" in owners else " or ".join(sorted(owners)), summary)


def owner(path: PurePath, listed: dict[str, str]) -> str:
    """Name the answer that a file is there for: that of the widest folder around it."""
    around = [it.as_posix() for it in (*reversed(path.parents), path)]
    return next((listed[it] for it in around if it in listed), "")


def column(title: str, rows: list[Entry], x: int, width: int) -> list[str]:
    """Draw one list."""
    drawn = [f'<text x="{x}" y="{TOP - 12}" font-weight="600">{escape(title)}</text>']
    for number, row in enumerate(rows):
        y = TOP + number * ROW
        colour = FIELD["optional" if row.belongs else "always"]
        drawn.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{ROW - 2}" rx="3" fill="{colour}"/>'
            f'<text x="{x + 8}" y="{y + 13}">{escape(row.name)}</text>'
        )
        if width > ROOM:
            says = escape(shorten(row.says, SHOWN, placeholder=" …"))
            drawn.append(f'<text x="{x + 190}" y="{y + 13}" {SAYS}>{says}</text>')
        if row.belongs:
            at = f'x="{x + 126}"' if width > ROOM else f'x="{x + width - 8}" text-anchor="end"'
            drawn.append(f'<text {at} y="{y + 13}" {SAYS}>{escape(row.belongs)}</text>')
    return drawn


def picture() -> str:
    """Carve a service with everything on, and draw it."""
    with tempfile.TemporaryDirectory() as folder:
        root = carve(Path(folder) / "orders")
        lists = (("orders/", entries(root, root)), ("orders/app/", entries(root / "app", root)))
    height = TOP + max(len(rows) for _, rows in lists) * ROW + SIGN // 2
    width = sum(WIDTHS) + (len(WIDTHS) + 1) * GAP
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {STYLE}>',
        DARK,
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    x = GAP
    for (title, rows), wide in zip(lists, WIDTHS, strict=True):
        drawn += column(title, rows, x, wide)
        x += wide + GAP
    drawn.append(
        f'<text x="{GAP}" y="{height - 10}" {SAYS}>Blue: belongs to the answer beside it. '
        "The sentences are the docstrings of the modules.</text>"
    )
    return "\n".join([*drawn, "</svg>", ""])


if __name__ == "__main__":
    OUTPUT.write_text(picture(), "utf-8")
