"""Standard output, which may be full or closed: lines wait for it within bounds, nobody else."""

from __future__ import annotations

import asyncio
import io
import logging
import os
import select
import sys
from contextlib import suppress
from functools import lru_cache
from threading import RLock, Thread
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

ROOM = 8_388_608
"""Bytes of the lines that wait while nobody reads; those that find no room are dropped."""
PIECE = 4096
"""Bytes that a pipe takes without blocking once it is said to be writable: PIPE_BUF in pipe(7)."""
RETRY_SECONDS = 0.05
"""Seconds between two tries while no new line makes one."""
LAST_SECONDS = 0.5
"""Seconds that lines get to leave when the process ends."""

logger = logging.getLogger(__name__)


class Sink:
    """Writes lines to standard output, whichever that is at the time; any thread may call it."""

    def __init__(self) -> None:
        """Begin with nothing waiting."""
        self.dropped = 0
        """Lines that found no room, or nobody to read them."""
        self._told = 0
        self._soon: list[str] = []
        self._waiting = bytearray()
        self.lock = RLock()
        self._turn: asyncio.AbstractEventLoop | None = None
        self._writing = False
        self._retrying = False
        self._closed = False

    def write(self, line: str) -> None:
        """Write a line now, after those that came before it."""
        with self.lock:
            self._soon.append(line)
            self.flush()

    def write_soon(self, line: str) -> None:
        """Write a line when this turn of the event loop ends, together with others like it."""
        with self.lock:
            self._soon.append(line)
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                self.flush()
                return
            if self._turn is not loop:
                self._turn = loop
                loop.call_soon(self._end_turn)

    def flush(self) -> None:
        """Write what waits, as far as it is taken at once; try again soon with the rest."""
        with self.lock:
            if self._writing:  # the garbage collector logs in the midst of it: its line follows
                return
            self._writing = True
            try:
                while self._soon or self._waiting:
                    self._take()
                    if not (taken := self._offer(self._piece())):
                        self._retry()
                        return
                    del self._waiting[:taken]
            finally:
                self._writing = False

    def close(self) -> None:
        """Give the lines that wait a last moment; later ones are only offered."""
        latest = monotonic() + LAST_SECONDS
        self._closed = True
        self.flush()
        while self._waiting and monotonic() < latest:
            sleep(RETRY_SECONDS)
            self.flush()

    def _take(self) -> None:
        """Let lines wait, as many as there is room for."""
        lines, self._soon = self._soon, []
        data = "\n".join([*lines, ""]).encode("utf-8", "backslashreplace")
        room = ROOM - len(self._waiting)
        if len(data) > room:
            kept = data.rfind(b"\n", 0, room) + 1
            self.dropped += data.count(b"\n", kept)
            data = data[:kept]
        self._waiting += data

    def _end_turn(self) -> None:
        self._turn = None
        self.flush()

    def _piece(self) -> bytes:
        """Give as many whole lines as are written at once; of a longer line, its first part."""
        if len(self._waiting) <= PIECE:
            return bytes(self._waiting)
        return bytes(self._waiting[: self._waiting.rfind(b"\n", 0, PIECE) + 1 or PIECE])

    def _offer(self, piece: bytes) -> int:
        """Write to standard output, or if there is none any more to standard error; else drop."""
        for stream in (sys.stdout, sys.stderr):
            try:
                return put(stream, piece)
            except Exception:  # noqa: BLE001, S112 - closed, gone, replaced by anything
                continue
        self.dropped += piece.count(b"\n")
        return len(piece)

    def _retry(self) -> None:
        if self._retrying or self._closed:
            return
        with suppress(RuntimeError):  # no thread is to be had: the next line tries again
            Thread(target=self._keep_trying, name="logs", daemon=True).start()
            self._retrying = True

    def _keep_trying(self) -> None:
        while not self._closed:
            sleep(RETRY_SECONDS)
            with self.lock:
                self.flush()
                if not self._waiting:
                    self._retrying = False
                    break
        if lost := self.dropped - self._told:
            self._told += lost
            logger.warning("standard output was full: %d lines were dropped", lost)


def put(stream: Any, piece: bytes) -> int:  # noqa: ANN401 - whatever was put in place of a stream
    """Write what a stream takes without blocking; give how many bytes that was.

    Raises whatever the stream does.
    """
    try:
        descriptor = stream.fileno()
    except io.UnsupportedOperation:  # a stream in memory
        stream.write(piece.decode())
        stream.flush()
        return len(piece)
    return os.write(descriptor, piece) if ready(descriptor)(0) else 0


@lru_cache(maxsize=2)
def ready(descriptor: int) -> Callable[[int], object]:
    """Make what tells whether a descriptor takes a piece at once, after so many milliseconds."""
    if sys.platform == "win32":  # where nobody can tell: there, a reader may be waited for
        return lambda _: True
    poller = select.poll()
    poller.register(descriptor, select.POLLOUT)
    return poller.poll
