# ruff: noqa: INP001 - a script is no package
"""Draws what was typed into a terminal, and what was printed, as an animated picture.

The picture is light or dark as the page around it is, needs no fonts of others and no script. It
shows its last screen where nothing may move, or where the program that shows it cannot animate.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

PROMPT = "$ "
COLUMNS, ROWS = 88, 22
"""Characters of a line, after which it is wrapped, and lines of the screen."""
CELL, LINE, GAP, BAR = 8.0, 19, 16, 30
"""Pixels: of a character and a line, of the margin, and of the bar with the title."""
KEYS = 3
"""Characters that are typed at once."""
TYPE, THINK, PRINT, READ, END = 0.1, 0.4, 0.12, 1.6, 4.0
"""Seconds: to type those, until output begins, for a line of it, to read, and at the end."""
MARKS = {
    "good": r"^ *(added|merged|promoted|passed|ok)\b",
    "bad": r"^ *(conflict|deleted|failed|refused|rolled back)\b",
}
"""What is coloured in lines that were printed."""
STYLE = """\
text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;\
fill:var(--text);white-space:pre}
svg{--back:#fff;--bar:#eef0f2;--edge:#d0d7de;--text:#24292f;--typed:#0550ae;--said:#59636e;\
--good:#116329;--bad:#a40e26}
@media(prefers-color-scheme:dark){svg{--back:#0d1117;--bar:#161b22;--edge:#30363d;--text:#e6edf3;\
--typed:#79c0ff;--said:#9198a1;--good:#56d364;--bad:#ff7b72}}
.typed{fill:var(--typed);font-weight:600}.said{fill:var(--said)}
.good{fill:var(--good)}.bad{fill:var(--bad)}.back{fill:var(--back)}
.bar,rect[rx]{stroke:var(--edge)}.bar{fill:var(--bar)}
@media(prefers-reduced-motion:reduce){*{animation:none!important}}"""


@dataclass(frozen=True)
class Step:
    """A command, and the lines that it printed."""

    typed: str
    printed: list[str]


class Frame(NamedTuple):
    """From when on the screen shows how many lines, and how much of the last one."""

    second: float
    lines: int
    characters: int


def run(typed: str, folder: Path, variables: dict[str, str]) -> Step:
    """Run a command in a folder, and note it; it has to succeed."""
    ended = subprocess.run(  # noqa: S603 - what the picture shows
        ["bash", "-euc", typed],  # noqa: S607 - the shell of whoever records
        cwd=folder,
        env=variables,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    assert ended.returncode == 0, ended.stdout  # noqa: S101 - a picture of the truth
    return Step(typed, ended.stdout.splitlines())


def save(path: Path, steps: Iterable[Step]) -> None:
    """Note what was recorded."""
    noted = [{"typed": it.typed, "printed": it.printed} for it in steps]
    path.write_text(f"{json.dumps(noted, indent=1, ensure_ascii=False)}\n", "utf-8")


def load(path: Path) -> list[Step]:
    """Read what was noted."""
    return [Step(**it) for it in json.loads(path.read_text("utf-8"))]


def wrapped(line: str) -> list[str]:
    """Break a line as a terminal does."""
    return [line[it : it + COLUMNS] for it in range(0, len(line), COLUMNS)] or [""]


def draw(title: str, steps: Iterable[Step]) -> str:
    """Draw a session."""
    rows, frames = play(list(steps))
    width, height = COLUMNS * CELL + 2 * GAP, BAR + ROWS * LINE + 2 * GAP
    seconds = frames[-1].second + END
    scroll = [(it.second, f"translateY({LINE * min(0, ROWS - it.lines)}px)") for it in frames]
    below = [(it.second, f"translateY({LINE * it.lines}px)") for it in frames]
    beside = [
        (it.second, f"translate({it.characters * CELL:g}px,{LINE * (it.lines - 1)}px)")
        for it in frames
    ]
    moved = {"scroll": scroll, "below": below, "beside": beside}
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{STYLE}",
        *(keyframes(name, those, seconds) for name, those in moved.items()),
        "</style>",
        f'<rect class="back" x=".5" y=".5" width="{width - 1:g}" height="{height - 1}" rx="8"/>',
        f'<path class="bar" d="M.5 {BAR}V8.5a8 8 0 0 1 8-8H{width - 8.5:g}a8 8 0 0 1 8 8V{BAR}z"/>',
        f'<text x="{width / 2:g}" y="20" text-anchor="middle" class="said">{escape(title)}</text>',
        f'<svg x="{GAP}" y="{BAR + GAP}" width="{COLUMNS * CELL:g}" height="{ROWS * LINE}">',
        '<g class="scroll">',
    ]
    cover = f'class="back %s" width="{COLUMNS * CELL:g}" height="%d"'
    tail = [
        f"<rect {cover % ('below', (len(rows) + ROWS) * LINE)}/>",
        f"<rect {cover % ('beside', LINE)}/>",
        "</g></svg></svg>",
    ]
    return "\n".join([*head, *(text(number, row) for number, row in enumerate(rows)), *tail, ""])


def play(steps: list[Step]) -> tuple[list[str], list[Frame]]:
    """List the rows of a session, and when each is there."""
    rows, frames, second = list[str](), list[Frame](), 0.0
    for step in steps:
        for part in wrapped(PROMPT + step.typed):
            rows.append(part)
            for shown in (*range(len(PROMPT), len(part), KEYS), len(part)):
                frames.append(Frame(second, len(rows), shown))
                second += TYPE
        second += THINK
        for part in (it for line in step.printed for it in wrapped(line)):
            rows.append(part)
            frames.append(Frame(second, len(rows), COLUMNS))
            second += PRINT
        second += READ if step.printed else THINK
    return rows, frames


def keyframes(name: str, those: list[tuple[float, str]], seconds: float) -> str:
    """Write an animation that jumps from one place to the next, and stays where it ends."""
    jumps = dict[str, str]()
    before = ""
    for second, place in those:
        if place != before:
            jumps[f"{100 * second / seconds:.2f}%"] = before = place
    rules = "".join(f"{when}{{transform:{place}}}" for when, place in jumps.items())
    return (
        f"@keyframes {name}{{{rules}to{{transform:{before}}}}}"
        f".{name}{{transform:{before};animation:{name} {seconds:.1f}s step-end infinite}}"
    )


def text(number: int, row: str) -> str:
    """Draw a row, as wide as its characters whatever the font is."""
    if not row.strip():
        return ""
    indented = len(row) - len(row.lstrip())
    place = f'x="{indented * CELL:g}" y="{number * LINE + 14}"'
    wide = f'textLength="{len(row.strip()) * CELL:g}" lengthAdjust="spacingAndGlyphs"'
    return f"<text {place} {wide}>{''.join(coloured(row.strip()))}</text>"


def coloured(row: str) -> Iterator[str]:
    """Mark what was typed, comments, and words that say how something ended."""
    if row.startswith(PROMPT):
        kind = "said" if row.startswith(f"{PROMPT}#") else "typed"
        yield f'{PROMPT}<tspan class="{kind}">{escape(row[len(PROMPT) :])}</tspan>'
        return
    for kind, pattern in MARKS.items():
        if found := re.match(pattern, row):
            yield f'<tspan class="{kind}">{escape(found[0])}</tspan>{escape(row[found.end() :])}'
            return
    yield escape(row)


def redraw(script: str, title: str, record: Callable[[Path], list[Step]]) -> None:
    """Record a session in an empty folder, unless `--draw` is given, and draw what was noted.

    Notes and picture have the name of the script.
    """
    notes = Path(script).with_suffix(".json")
    if "--draw" not in sys.argv:
        with TemporaryDirectory() as folder:
            save(notes, record(Path(folder).resolve()))
    notes.with_suffix(".svg").write_text(draw(title, load(notes)), "utf-8")
