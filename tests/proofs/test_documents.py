"""The commands of a service's pages, run one after the other, print what the pages show."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.proofs.carved import Carved, clean, uv
from tests.proofs.test_features import carve

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK = re.compile(r"^( *)```(console|diff)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
LOCAL = "http://127.0.0.1:8000"
SECONDS = 300


class Step(NamedTuple):
    """A command and what it prints, or a change of files, as a page has it."""

    kind: str
    text: str
    shown: str = ""


def steps(page: str) -> Iterator[Step]:
    """Yield what a page does, in its order; `…` stands for what varies."""
    for indent, kind, indented in BLOCK.findall(page):
        text = re.sub(rf"(?m)^{indent}", "", indented)
        if kind == "diff":
            yield Step(kind, text)
            continue
        for session in re.split(r"(?m)^\$ ", text)[1:]:
            command, _, shown = session.partition("\n")
            yield Step(kind, command, shown)


def pattern(shown: str) -> str:
    """Make a pattern of a shown output: `…` is anything in a line, or any lines if it is alone."""
    lines = [
        r"(?:.*\n)*?" if line == "…" else re.escape(line).replace("…", ".*") + r"\n"
        for line in shown.splitlines()
    ]
    return "".join(lines)


def change(folder: Path, diff: str) -> None:
    """Add the lines of a diff after the line before each, in the class that its hunk names."""
    path, scope, before = folder, "", ""
    for line in diff.splitlines():
        if line.startswith("+++ b/"):
            path = folder / line.removeprefix("+++ b/")
        elif line.startswith("@@"):
            scope = line.strip("@ ")
        elif line.startswith("+"):
            head, at, body = path.read_text().partition(scope)
            assert at, (path, scope)
            assert before in body, (path, before)
            path.write_text(head + at + body.replace(before, f"{before}\n{line[1:]}", 1))
        elif not line.startswith("---"):
            before = line[1:]


def run(service: Carved, command: str, address: str) -> str:
    """Run a line of a page by a shell; return what it prints."""
    path = f"{Path(uv()).parent}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(
        ["/bin/sh", "-c", command.replace(LOCAL, address)],
        cwd=service.path,
        env=clean(PATH=path, LC_ALL="C"),
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
    )
    return ended.stdout if ended.stdout.endswith("\n") or not ended.stdout else f"{ended.stdout}\n"


@pytest.fixture
def service(tmp_path: Path) -> Carved:
    environment = tmp_path / ".venv"
    environment.mkdir()
    return carve(tmp_path, environment)


def test_the_commands_of_the_pages_print_what_the_pages_show(service: Carved) -> None:
    done = []
    for name in ("settings", "develop", "expand-and-contract"):
        for step in steps((service.path / "docs" / f"{name}.md").read_text()):
            if step.kind == "diff":
                change(service.path, step.text)
            elif LOCAL in step.text:
                development = {"ENVIRONMENT": "development", "LOG_FORMAT": "json"}
                ports = {"SERVER_PORT": "0", "METRICS_PORT": "0"}
                with service.serve(**development, **ports) as replica:
                    address = f"http://{replica.address.host}:{replica.address.port}"
                    printed = run(service, step.text, address)
                assert re.fullmatch(pattern(step.shown), printed), (step, printed)
            else:
                printed = run(service, step.text, LOCAL)
                assert re.fullmatch(pattern(step.shown), printed), (step, printed)
            done.append(step)
    assert len(done) >= 8


def test_an_output_that_differs_in_a_word_is_found() -> None:
    shown = "add     app/a.py\n…\nlast … of it\n"
    assert re.fullmatch(pattern(shown), "add     app/a.py\nmore\nand more\nlast bit of it\n")
    assert re.fullmatch(pattern(shown), "add     app/a.py\nlast bit of it\n")
    assert not re.fullmatch(pattern(shown), "add     app/b.py\nmore\nlast bit of it\n")
    assert not re.fullmatch(pattern(shown), "add     app/a.py\nlast bit of it\nand more\n")
