"""Gives the same edits and versions to carve, cruft and Copier; `make compare` runs it.

For cruft and Copier, carvings of both versions are templates without questions.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from random import Random

from benchmarks.updaters import COPIER, RECORD, Tools, commit_all, git
from tests.cases import Result, put_back
from tests.edits import EDITS, NotHere
from tests.lives import Snapshot, snapshot
from tests.template import ROOT

OUTPUT, README = ROOT / "docs/comparison.md", ROOT / "README.md"
BLOCK = re.compile(r"(?<=<!-- written by make compare: -->\n\n).*?(?=\n<!-- end -->)", re.DOTALL)
NOTES = (RECORD, ".cruft.json", ".copier-answers.yml")
"""Files in which a tool notes its baseline."""
KINDS = sorted(EDITS.keys() - {"a part of the chassis taken over"})
"""All but the one that only carve has."""
PAGE = """# Updates compared

The same {cases} services, each with {edits} edits of {kinds} kinds, are updated from one version
of this template to the next by carve, cruft {cruft} and Copier {copier}.
Counted on {date} with git {git}; `make compare ARGS={cases}` counts it again.

{table}

A change is lost when a line that the team or the template changed is not in the result, and no
conflict shows it.

Files with a conflict (C), and files in which a change was lost (L), with the number of services:

{files}

## How to read it

- **Edits and versions are this project's own**, and carve was developed with them. Another template
  would give other figures: the tables show kinds of faults, not rates.
- For cruft and Copier, the carvings of both versions are templates without questions, so all three
  apply the same difference. What a template for Copier can have besides (`_skip_if_exists`,
  migrations, questions) is not compared.
- Each service was committed as it was made, then edited and committed, so cruft finds what its
  three-way merge needs. Each tool ran with the options that ask nothing.
- Copier writes both sides between markers, marks the file as unmerged in git, and notes the new
  version at once: that is its design, for a person who looks at `git status` before a commit. A
  pipeline that only looks at the exit code sees no difference. carve ends with 1, and notes the new
  version after `carve continue`.
- A file that the team renamed is a deleted one for cruft and Copier, so what the template changed
  in it is left out; carve follows renames, as git does.
- cruft marks the file as unmerged too, or falls back to `.rej` files and says so; it ends with 0.
- cruft and Copier work with any template; carve only with this one.
"""
ROWS = (
    ("Services", "cases"),
    ("with a conflict", "conflicts"),
    ("with a conflict, ended with 0 and noted the new version", "silent"),
    ("in which a change was lost without a conflict", "lost"),
    ("that it refused to update", "refused"),
)


@dataclass
class Counts:
    """What became of the services of one tool."""

    cases: int = 0
    conflicts: int = 0
    silent: int = 0
    lost: int = 0
    refused: int = 0
    files: Counter[tuple[str, str]] = field(default_factory=Counter)


def edit(service: Path, kinds: list[str]) -> None:
    """Change the service as a team does; what it has no place for is left out."""
    for kind in kinds:
        before = snapshot(service)
        try:
            EDITS[kind](service)
        except NotHere:
            put_back(service, before)
    commit_all(service, "ours")


def files(service: Path) -> Snapshot:
    """Return what is in a service, but what the tools note."""
    return {name: it for name, it in snapshot(service).items() if name not in NOTES}


def conflicts(service: Path) -> set[str]:
    """Name the files that git, or what is in them, shows as conflicts."""
    found = set(git(service, "diff", "--name-only", "--diff-filter=U").splitlines())
    for name, (kind, content, _) in files(service).items():
        if name.endswith(".rej"):
            found |= {name, name.removesuffix(".rej")}
        elif kind == "file" and any(it.startswith(b"<<<<<<< ") for it in content.splitlines()):
            found.add(name)
    return found


def noted(service: Path) -> dict[str, bytes]:
    """Return what the tool noted as the baseline."""
    return {name: (service / name).read_bytes() for name in NOTES if (service / name).exists()}


def play(tools: Tools, tool: str, kinds: list[str], where: Path, counts: Counts) -> None:
    """Live through one case."""
    service = tools.make(tool, where)
    edit(service, kinds)
    ours, before = files(service), noted(service)
    code = tools.update(tool, service)
    found, moved = conflicts(service), noted(service) != before
    counts.cases += 1
    if code and not found:
        counts.refused += 1
        return
    carvings = files(tools.old), ours, files(tools.new)
    wrong = Result(*carvings, files(service), found, []).wrong()
    counts.conflicts += bool(found)
    counts.silent += bool(found) and not code and moved
    counts.lost += bool(wrong)
    counts.files.update(("C", it) for it in found if not it.endswith(".rej"))
    counts.files.update({("L", it.partition(": ")[0]) for it in wrong})
    print(where.name, *wrong[:3], sep="\n  ", flush=True)  # noqa: T201 - for a look at it


def page(counted: dict[str, Counts], edits: int) -> str:
    """Write the page."""
    names = " | ".join(counted)
    rows = [f"| | {names} |", f"| --- |{' ---: |' * len(counted)}"]
    for words, name in ROWS:
        figures = " | ".join(str(getattr(it, name)) for it in counted.values())
        rows.append(f"| {words} | {figures} |")
    paths = sorted({path for it in counted.values() for _, path in it.files})
    files = [f"| File | {names} |", f"| --- |{' --- |' * len(counted)}"]
    for path in paths:
        cells = (
            " ".join(f"{it.files[kind, path]} {kind}" for kind in "CL" if it.files[kind, path])
            for it in counted.values()
        )
        files.append(f"| `{path}` | {' | '.join(cells)} |")
    return PAGE.format(
        kinds=len(KINDS),
        edits=edits,
        cases=counted["carve"].cases,
        cruft=version("cruft"),
        copier=COPIER,
        git=git(ROOT, "version").split()[2],
        date=datetime.now(UTC).date().isoformat(),
        table="\n".join(rows),
        files="\n".join(files),
    )


def summary(text: str) -> str:
    """Say for the README what the page shows."""
    shown = {}
    for words, name in ROWS:
        (row,) = re.findall(rf"^\| {words} \| (.*) \|$", text, re.MULTILINE)
        shown[name] = row.split(" | ")
    ((cruft, copier, date),) = re.findall(
        r"carve, (cruft .*) and (Copier .*)\.\n.* on (\S+) w", text
    )
    lost, conflicts, silent = shown["lost"], shown["conflicts"], shown["silent"]
    return f"""\
The same edits and versions were given to other tools on {date}: {shown["cases"][0]} services each.

| | carve | {cruft} | {copier} |
| --- | ---: | ---: | ---: |
| with a conflict | {" | ".join(conflicts)} |
| of those, ended with 0 | {" | ".join(silent)} |
| with a change lost without a conflict | {" | ".join(lost)} |

[The comparison](docs/comparison.md) says in which files, and how to read it.
"""


def main(cases: int = 40, edits: int = 5) -> None:
    """Compare them over so many services, and write the page."""
    counted = {name: Counts() for name in ("carve", "cruft", "Copier")}
    with tempfile.TemporaryDirectory() as made:
        tools = Tools(Path(made).resolve())
        for number in range(cases):
            kinds = Random(f"compared {number}").sample(KINDS, edits)  # noqa: S311 - a choice
            for name, counts in counted.items():
                where = tools.folder / "services" / f"{name}-{number}"
                play(tools, name.lower(), kinds, where, counts)
    text = page(counted, edits)
    OUTPUT.write_text(text, "utf-8")
    README.write_text(BLOCK.sub(summary(text), README.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
