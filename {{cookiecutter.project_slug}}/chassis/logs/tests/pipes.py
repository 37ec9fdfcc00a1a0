"""A pipe in place of standard output, read when the test wants."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from time import monotonic, sleep
from typing import TYPE_CHECKING

from chassis.logs.sink import Sink

if TYPE_CHECKING:
    import pytest


class Pipe:
    """A pipe in place of standard output."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        self.reader, writer = os.pipe()
        os.set_blocking(self.reader, False)
        self.writer = io.TextIOWrapper(io.FileIO(writer, "w"), encoding="utf-8")

    def sink(self) -> Sink:
        """Give a sink that writes here; pytest takes standard output back before each test."""
        self.monkeypatch.setattr(sys, "stdout", self.writer)
        return Sink()

    def read(self) -> bytes:
        """Take all that is there."""
        found = b""
        with suppress(BlockingIOError):
            while piece := os.read(self.reader, 65536):
                found += piece
        return found

    def read_until(self, end: bytes) -> bytes:
        """Take what comes until it ends so."""
        found, latest = b"", monotonic() + 10
        while not found.endswith(end) and monotonic() < latest:
            found += self.read()
            sleep(0.01)
        return found


def fill(sink: Sink, text: str = "x" * 999) -> int:
    """Write until lines have to wait; give how many were written."""
    written = 0
    while not sink._buffer:  # noqa: SLF001 - what it is about
        assert written < 10_000
        sink.write(text)
        written += 1
    return written
