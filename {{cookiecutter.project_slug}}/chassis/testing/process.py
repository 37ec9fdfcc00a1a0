"""A real process of the service, and its log lines."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["ROOT", "Running"]

ROOT = Path(__file__).parents[2]
"""The folder of the service."""
PATIENCE = 60.0
KEPT = ("PATH", "SYSTEMROOT")
BYTECODE = ["-B"] if sys.dont_write_bytecode else []
"""A process caches its bytecode, as this one does: otherwise each start takes longer."""


class Running:
    """A process that starts with the block, logs JSON, and ends with the block.

    `variables` are its environment besides PATH; it listens on a free port unless they set one.
    """

    def __init__(self, *command: str, **variables: str) -> None:
        self.command = command or ("-m", "app")
        self.variables = {"ENVIRONMENT": "test", **variables}
        self.lines: list[dict[str, Any]] = []
        self.reading = threading.Event()
        """Whether its output is being read."""
        self.reading.set()
        self._news = threading.Condition()
        self._silent = False

    def __enter__(self) -> Self:
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, *BYTECODE, *self.command],
            cwd=ROOT,
            env={**kept, **self.variables},
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        assert self.process.stdout
        self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.reading.wait(PATIENCE)
            with self._news:
                self.lines.append(json.loads(line))
                self._news.notify_all()
        with self._news:
            self._silent = True
            self._news.notify_all()

    def said(self, message: str) -> dict[str, Any]:
        """Wait for a line with this message and return it."""

        def found() -> dict[str, Any] | None:
            return next((line for line in self.lines if line["message"] == message), None)

        with self._news:
            self._news.wait_for(lambda: found() or self._silent, PATIENCE)
        line = found()
        assert line, f"it never said {message!r}: {self.lines}"
        return line

    @property
    def address(self) -> tuple[str, int]:
        """Host and port, once it serves."""
        url = urlsplit(self.said("serving")["url"])
        assert url.hostname
        assert url.port
        return url.hostname, url.port

    def connect(self) -> HTTPConnection:
        return HTTPConnection(*self.address, timeout=PATIENCE)

    def get(self, path: str) -> tuple[int, str]:
        with closing(self.connect()) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def wait_until_ready(self) -> None:
        """Poll until the service is ready; on a busy machine a check may time out."""
        deadline = monotonic() + PATIENCE
        while (answer := self.get("/readyz"))[0] != HTTPStatus.OK:
            assert monotonic() < deadline, answer
            sleep(0.1)

    def signal(self, number: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(number)

    def exit_code(self) -> int:
        """Wait for the process to exit."""
        code = self.process.wait(PATIENCE)
        self._reader.join()
        return code
