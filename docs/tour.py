# ruff: noqa: INP001 - a script is no package
"""Draws the sequence diagrams of a service's `docs/tour.md` from the calls of a running service.

From the root of the template: `PYTHONPATH=.:hooks uv run python docs/tour.py`. It traces the
smallest service, whose path of a request is part of that of every other service.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from tests.proofs.carved import Carved, clean
from tests.proofs.test_own_tests import NOTHING
from tests.rollouts.host import find_free_ports
from tests.template import RAW

if TYPE_CHECKING:
    from collections.abc import Iterable

PAGE = RAW / "docs" / "tour.md"
TRACE = Path(__file__).with_name("trace_calls.py")
BLOCK = re.compile(r"## One (?P<phase>\w+)\n.*?```mermaid\n(?P<diagram>.*?)```", re.DOTALL)
PERIODIC = {"DrainingServer.main_loop", "DrainingServer.on_tick", "Server.on_tick"}
"""What the server calls ten times a second, whatever happens."""
EXTENDED = "HttpToolsProtocol."
"""Methods of this class are called by those that extend them."""
STEPS = {"Exchange.end", "Exchange._notify_observers", "Sink.write"}
"""Calls inside one folder without which the path of a request cannot be followed."""
BEGINNING = {"request": "client", "shutdown": "SIGTERM"}
EXAMPLE = {"greetings": "feature", "read_greeting": "route"}
"""Names of the example that is asked, which a team removes: what the diagrams call them."""


class Call(NamedTuple):
    """One part of the service, or library, calls a function of another."""

    phase: str
    caller: str
    callee: str
    function: str


def trace(service: Carved) -> list[Call]:
    """Run a service that is installed; return its calls during one request and one shutdown."""
    ran = subprocess.run(  # noqa: S603 - our own program
        [service.python, TRACE],
        cwd=service.path,
        env=clean(ENVIRONMENT="test", SERVER_PORT=str(find_free_ports(1)[0])),
        check=True,
        capture_output=True,
        text=True,
    )
    lines = (json.loads(line) for line in ran.stdout.splitlines() if line.startswith("["))
    return [Call(*line) for line in lines]


def draw(phase: str, calls: Iterable[Call]) -> str:
    """Draw one phase as a Mermaid sequence diagram: each call between two parts, once."""
    arrows = dict.fromkeys(
        (folder(call.caller) or BEGINNING[phase], folder(call.callee), shorten(call.function))
        for call in calls
        if call.phase == phase and is_shown(call)
    )
    lines = [f"  {caller}->>{callee}: {function}" for caller, callee, function in arrows]
    return "\n".join(["sequenceDiagram", *lines, ""])


def is_shown(call: Call) -> bool:
    """Return whether a call is drawn: one between two folders, or one of STEPS."""
    if call.function in PERIODIC or call.function.startswith(EXTENDED):
        return False
    return folder(call.caller) != folder(call.callee) or call.function in STEPS


def folder(part: str) -> str:
    """Name the folder, or the module beside the folders, that a part belongs to."""
    name = part.partition(".")[0]
    return EXAMPLE.get(name, name)


def shorten(function: str) -> str:
    """Leave out the function that another one is defined in."""
    name = function.rpartition("<locals>.")[2]
    return EXAMPLE.get(name, name)


def page(service: Carved) -> str:
    """Write the current diagrams into the page."""
    calls = trace(service)

    def redraw(block: re.Match[str]) -> str:
        head = block[0].removesuffix(f"{block['diagram']}```")
        return f"{head}{draw(block['phase'], calls)}```"

    return BLOCK.sub(redraw, PAGE.read_text("utf-8"))


if __name__ == "__main__":
    with TemporaryDirectory() as scratch:
        smallest = Carved.make(Path(scratch), **NOTHING)
        PAGE.write_text(page(smallest.sync()), "utf-8")
