# ruff: noqa: INP001 - a script is no package
"""Runs the service in the current folder, and prints which part of it calls which, as JSON lines.

It asks for `/greetings/ada`, then sends itself SIGTERM. A line is the phase (`request`,
`shutdown`), the caller's part, the callee's part and the callee's function. A part is a module of
the service without its first folder, or the name of a library.
"""
# mypy: ignore-errors
# It runs in a carved service, whose chassis the template does not have.

from __future__ import annotations

import inspect
import json
import os
import signal
import sys
import threading
import time
from functools import cache
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

LIBRARIES = ("uvicorn", "fastapi")
WARM_UP = 2
"""Requests before the traced one; the first one does what only the first one does."""
SETTLED = 0.5
"""Seconds after which nothing of a request is left to do."""
ROOT = Path.cwd()

phase = ""
calls = []
coroutines = set()
"""Frames that have been called; they are kept, so that no other has the identity of one."""


@cache
def name_part(filename: str) -> str:
    """Name the part of the service, or the library, that a file belongs to; empty for others."""
    path = Path(filename)
    if "site-packages" in path.parts:
        library = path.parts[path.parts.index("site-packages") + 1]
        return library if library in LIBRARIES else ""
    if not path.is_relative_to(ROOT):
        return ""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts[1:]).removesuffix(".__init__")


def record(frame: FrameType, event: str, _: object) -> None:
    """Record a call; that a coroutine is resumed is none, but that of a lifespan closes it."""
    code = frame.f_code
    part = name_part(code.co_filename)
    if event != "call" or not part:
        return
    resumed = frame in coroutines
    if code.co_flags & (inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR):
        coroutines.add(frame)
    if not phase or (resumed and not code.co_flags & inspect.CO_ASYNC_GENERATOR):
        return
    caller = frame.f_back
    while caller is not None and not name_part(caller.f_code.co_filename):
        caller = caller.f_back
    came_from = name_part(caller.f_code.co_filename) if caller else ""
    calls.append((phase, came_from, part, code.co_qualname))


def drive() -> None:
    """Send the requests and the signal."""
    global phase  # noqa: PLW0603 - the other thread reads it
    connection = HTTPConnection("127.0.0.1", int(os.environ["SERVER_PORT"]), timeout=10)
    while True:
        try:
            connection.connect()
            break
        except OSError:
            time.sleep(0.1)
    for _ in range(WARM_UP):
        ask(connection)
    phase = "request"
    ask(connection)
    phase = ""
    connection.close()
    time.sleep(SETTLED)
    phase = "shutdown"
    os.kill(os.getpid(), signal.SIGTERM)


def ask(connection: HTTPConnection) -> None:
    """Send one request, and wait until the service is idle again."""
    connection.request("GET", "/greetings/ada")
    connection.getresponse().read()
    time.sleep(SETTLED)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    from chassis.entry import run

    threading.Thread(target=drive, daemon=True).start()
    sys.setprofile(record)
    code = run("app.main", ["serve"])
    sys.setprofile(None)
    for call in calls:
        print(json.dumps(call))  # noqa: T201 - its job
    sys.exit(code)
