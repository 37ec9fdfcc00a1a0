"""Writes lines to standard output without blocking; if it is full, lines wait in a bounded buffer.

No library does: a `StreamHandler` blocks the whole service while nobody reads (promise R4: no line
is lost, and none holds up an answer).
"""

from __future__ import annotations

import io
import os
import select
import sys
from contextlib import suppress
from functools import lru_cache
from threading import RLock, Thread, get_ident
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_BUFFER_BYTES = 8_388_608
"""Most bytes of lines that wait while nobody reads; lines that do not fit are dropped."""
PIPE_BUF = 4096
"""Bytes that a writable pipe accepts without blocking, see pipe(7)."""
RETRY_SECONDS = 0.05
"""Seconds between two attempts while no new line triggers one."""
CLOSE_SECONDS = 0.5
"""Seconds for which buffered lines are still written when the process ends."""
LAST_SECONDS = 0.2
"""Seconds after that for the last line only, which reports how the process ended."""
FORK_SECONDS = 1
"""Seconds that a fork waits for the line that another thread writes."""


class Sink:
    """Writes lines to whatever `sys.stdout` is at the time; any thread may call it."""

    def __init__(self, format_drop: Callable[[int], str] = str) -> None:
        """Start empty; `format_drop` formats the line about a number of dropped lines."""
        self.dropped = 0
        """Lines that did not fit into the buffer, or that no stream accepted."""
        self._format_drop = format_drop
        self._closed = False
        self._forking = 0
        """Identifier of the thread that holds the lock while it forks."""
        self._reset()
        if hasattr(os, "register_at_fork"):  # Windows has no fork
            os.register_at_fork(
                before=self._hold_lock,
                after_in_parent=self._release_lock,
                after_in_child=self._reset,
            )

    def _reset(self) -> None:
        """Reset after a fork: the child has no thread that retries; the parent has the buffer."""
        self.lock = RLock()
        self._buffer = bytearray()
        self._lost = 0
        self._latest = b""
        self._writing = self._retrying = False

    def _hold_lock(self) -> None:
        if self.lock.acquire(timeout=FORK_SECONDS):
            self._forking = get_ident()

    def _release_lock(self) -> None:
        if self._forking == get_ident():
            self._forking = 0
            self.lock.release()

    def write(self, lines: str) -> None:
        """Write lines in order; buffer what standard output does not accept at once."""
        data = f"{lines}\n".encode("utf-8", "backslashreplace")
        with self.lock:
            if self._latest or len(self._buffer) + len(data) > MAX_BUFFER_BYTES:
                self.flush()
                if not self._make_room(data):
                    return
            self._buffer += data
            self.flush()

    def flush(self) -> None:
        """Write buffered lines, as many as are accepted at once; retry the rest soon."""
        with self.lock:
            if self._writing:  # the garbage collector logged during a write: its line follows
                return
            self._writing = True
            try:
                while self._buffer or self._latest:
                    if not self._buffer:
                        self._end_gap()
                    if not (written := self._write_chunk(self._next_chunk())):
                        self._start_retrying()
                        return
                    del self._buffer[:written]
            finally:
                self._writing = False

    def close(self) -> None:
        """Write buffered lines, in the end only the last one; later lines get a single attempt."""
        self._closed = True
        self._drain(CLOSE_SECONDS)
        with self.lock:
            self._keep_ends()
        self._drain(LAST_SECONDS)

    def _drain(self, seconds: float) -> None:
        deadline = monotonic() + seconds
        self.flush()
        while self._buffer and monotonic() < deadline:
            sleep(RETRY_SECONDS)
            self.flush()

    def _make_room(self, data: bytes) -> bool:
        """Return whether lines fit; the last that did not is kept until others arrive.

        Once lines were dropped, further ones are dropped until an eighth of the buffer is free.
        """
        margin = MAX_BUFFER_BYTES // 8 if self._latest else 0
        if len(self._buffer) + len(data) + margin <= MAX_BUFFER_BYTES:
            self._end_gap()
            return True
        count = self._latest.count(b"\n")
        self.dropped += count
        self._lost += count
        self._latest = data
        return False

    def _end_gap(self) -> None:
        """Buffer a line with the number of dropped ones, and the last one that did not fit."""
        lost, latest = self._lost, self._latest
        self._lost, self._latest = 0, b""
        if lost:
            self._buffer += f"{self._format_drop(lost)}\n".encode()
        self._buffer += latest

    def _keep_ends(self) -> None:
        """Drop all waiting lines except the one that may be half written and the last one."""
        last = self._latest or bytes(self._buffer[self._buffer.rfind(b"\n", 0, -1) + 1 :])
        begun = self._buffer.find(b"\n") + 1
        if len(self._buffer) > begun or self._latest:
            count = self._buffer.count(b"\n", begun) - (not self._latest)
            self.dropped += count
            self._lost += count
            self._latest = last
            del self._buffer[begun:]
            self._end_gap()

    def _next_chunk(self) -> bytes:
        """Return as many whole lines as fit into PIPE_BUF; of a longer line, its first part."""
        if len(self._buffer) <= PIPE_BUF:
            return bytes(self._buffer)
        return bytes(self._buffer[: self._buffer.rfind(b"\n", 0, PIPE_BUF) + 1 or PIPE_BUF])

    def _write_chunk(self, chunk: bytes) -> int:
        """Write to standard output, else to standard error, else drop; return the bytes done."""
        for stream in (sys.stdout, sys.stderr):
            try:
                return write_nonblocking(stream, chunk)
            except Exception:  # noqa: BLE001, S112 - closed, gone, replaced by anything
                continue
        self.dropped += chunk.count(b"\n")
        return len(chunk)

    def _start_retrying(self) -> None:
        if self._retrying or self._closed:
            return
        with suppress(RuntimeError):  # no thread can be started: the next line retries
            Thread(target=self._retry, name="logs", daemon=True).start()
            self._retrying = True

    def _retry(self) -> None:
        while not self._closed:
            sleep(RETRY_SECONDS)
            with self.lock:
                self.flush()
                if not self._buffer:
                    self._retrying = False
                    break


def write_nonblocking(stream: Any, chunk: bytes) -> int:  # noqa: ANN401 - anything may replace a stream
    """Write what a stream accepts without blocking; return the number of bytes.

    Raises whatever the stream raises.
    """
    try:
        descriptor = stream.fileno()
    except io.UnsupportedOperation:  # a stream in memory
        stream.write(chunk.decode())
        stream.flush()
        return len(chunk)
    return os.write(descriptor, chunk) if poller(descriptor)(0) else 0


@lru_cache(maxsize=2)
def poller(descriptor: int) -> Callable[[int], object]:
    """Return a function that waits so many milliseconds for a descriptor to become writable."""
    if sys.platform == "win32":  # it has no poll: a write may block there
        return lambda _: True
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return poll.poll
