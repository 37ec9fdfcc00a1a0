"""What the last `make rollouts` measured, by kind of host, as a page of the documentation.

`python -m tests.rollouts.measured NOTES PAGE`; the notes are build/report/tests.json. A figure is a
line that a test prints: `D1: what was measured: figure`.
"""

from __future__ import annotations

import json
import os
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HOSTS = ("process", "docker")
"""Kinds of hosts: plain processes, which are for tests only, and containers."""
TESTS = "tests/rollouts/"
FIGURE = re.compile(r"(?P<promise>D\d): (?P<what>[^:]+): (?P<figure>[^:]+)")
HOST = re.compile(rf"\b({'|'.join(HOSTS)})\b")
PAGE = """\
# Rollouts, measured

Written by `make measured` from what `make rollouts` noted; do not edit. {when}, on {cores} cores
that carried the users, the proxy and the service at once, two tests at a time. A rolling release
replaces two replicas and observes each for a second. `process` is the same tool, for tests, with
plain processes in place of containers.

{table}
"""
Table = dict[str, dict[str, str]]
"""What was measured -> kind of host -> figure."""


def collect_figures(notes: dict[str, dict[str, Any]]) -> Table:
    """Collect the figures of tests that passed."""
    table: Table = {}
    for test, noted in notes.items():
        host = HOST.search(test.partition("[")[2])
        if not test.startswith(TESTS) or noted["outcome"] != "passed" or not host:
            continue
        for found in filter(None, map(FIGURE.match, noted["figures"])):
            what = f"{found['promise']}: {found['what']}"
            table.setdefault(what, {})[host[0]] = found["figure"].strip()
    return dict(sorted(table.items(), key=lambda row: row[0].partition(":")[0]))


def render_page(table: Table, when: datetime, cores: int) -> str:
    """Render the page; what was not measured is left empty."""
    rows = [
        ["Measured", *HOSTS],
        ["---"] * (1 + len(HOSTS)),
        *([what, *(figures.get(host, "") for host in HOSTS)] for what, figures in table.items()),
    ]
    lines = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return PAGE.format(when=f"{when:%Y-%m-%d}", cores=cores, table=lines)


def main(notes: Path, target: Path) -> None:
    """Write the page, dated as the notes are."""
    when = datetime.fromtimestamp(notes.stat().st_mtime, UTC)
    table = collect_figures(json.loads(notes.read_text("utf-8")))
    target.write_text(render_page(table, when, os.cpu_count() or 1), "utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
