"""A pipe that nobody reads, one that is closed, and one that is read again."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from contextlib import suppress
from threading import Event, Thread
from threading import enumerate as enumerate_threads
from time import monotonic, sleep
from typing import TYPE_CHECKING

import pytest

from chassis.logs import sink as sinks
from chassis.logs.sink import CLOSE_SECONDS, PIPE_BUF
from chassis.logs.tests.pipes import Pipe, fill

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipe]:
    pipe = Pipe(monkeypatch)
    yield pipe
    for close in (pipe.writer.close, lambda: os.close(pipe.reader)):
        with suppress(OSError):
            close()


def test_a_full_pipe_holds_nobody_up_and_gets_every_line_in_order_once_it_is_read(
    pipe: Pipe,
) -> None:
    sink = pipe.sink()
    count = fill(sink)
    began = monotonic()
    for number in range(3000):
        sink.write(f"{number:04d}")
    assert monotonic() - began < 10
    lines = pipe.read_until(b"2999\n").split()
    assert lines == [b"x" * 999] * count + [b"%04d" % number for number in range(3000)]
    assert sink.dropped == 0


@pytest.mark.parametrize("read_after", ["once", "a while", "the next line"])
def test_what_finds_no_room_is_dropped_and_the_line_after_it_says_how_much(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch, read_after: str
) -> None:
    monkeypatch.setattr(sinks, "MAX_BUFFER_BYTES", 10_000)
    sink = pipe.sink()
    fill(sink)
    for number in range(100):
        sink.write(f"{number}{'y' * 997}")
    assert 88 <= sink.dropped <= 90
    read = pipe.read() if read_after == "the next line" else b""
    if read_after == "a while":
        sleep(3 * sinks.RETRY_SECONDS)
    else:
        sink.write("further")
    lines = (read + pipe.read_until(b"y\n" if read_after == "a while" else b"further\n")).split()
    report = lines.index(b"%d" % sink.dropped)
    numbers = [int(line[: line.index(b"y")]) for line in lines if b"y" in line]
    assert len(numbers) == 100 - sink.dropped
    assert numbers == sorted(numbers)
    if read_after != "once":
        assert lines[report + 1].startswith(b"99y")


def test_lines_are_kept_again_before_all_that_waits_is_read(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sinks, "MAX_BUFFER_BYTES", 200_000)
    sink = pipe.sink()
    fill(sink)
    for _ in range(300):
        sink.write("y" * 999)
    pipe.read()
    dropped = sink.dropped
    for _ in range(20):
        sink.write("z" * 999)
    assert sink.dropped == dropped > 90
    assert sink._buffer  # noqa: SLF001 - what it is about
    sink.write("end")
    assert pipe.read_until(b"end\n").split().count(b"%d" % dropped) == 1


@pytest.mark.parametrize("room", [10_000, sinks.MAX_BUFFER_BYTES])
def test_the_last_line_is_written_even_behind_more_than_the_reader_takes(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    monkeypatch.setattr(sinks, "MAX_BUFFER_BYTES", room)
    sink, found, closed = pipe.sink(), bytearray(), Event()
    count = fill(sink)
    for _ in range(5000):
        sink.write("y" * 999)
    sink.write("stopped")

    def read_slowly() -> None:
        while not closed.wait(sinks.RETRY_SECONDS):
            found.extend(pipe.read())

    reader = Thread(target=read_slowly)
    reader.start()
    sink.close()
    closed.set()
    reader.join()
    lines = (found + pipe.read()).split()
    assert lines[-1] == b"stopped"
    reports = [int(line) for line in lines if line.isdigit()]
    assert sum(reports) == sink.dropped > 1000
    assert len(lines) - len(reports) + sink.dropped == count + 5001


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
def test_a_process_forked_while_another_thread_logs_writes_its_own_lines_only(pipe: Pipe) -> None:
    sink, ended = pipe.sink(), Event()

    def log() -> None:
        while not ended.is_set():
            sink.write("parent" * 100)
            sleep(0)

    threads = [Thread(target=log) for _ in range(3)]
    for thread in threads:
        thread.start()
    read = b""
    try:
        for number in range(30):
            with warnings.catch_warnings():  # since Python 3.12 about threads: it is the point
                warnings.simplefilter("ignore", DeprecationWarning)
                child = os.fork()
            if not child:
                signal.alarm(10)
                for _ in range(3):
                    sink.write(f"child{number}")
                sink.close()
                os._exit(0)
            latest = monotonic() + 15
            while not (status := os.waitpid(child, os.WNOHANG))[0] and monotonic() < latest:
                read += pipe.read()
                sleep(0.001)
            assert status == (child, 0)
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    lines = (read + pipe.read()).split()
    assert all(lines.count(b"child%d" % number) == 3 for number in range(30))
    assert all(line.startswith(b"child") or line == b"parent" * 100 for line in lines)


def test_lines_that_find_no_room_together_are_counted_one_by_one(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = pipe.sink()
    fill(sink)
    monkeypatch.setattr(sinks, "MAX_BUFFER_BYTES", 10)
    sink.write("long enough\nand one more")
    assert sink.dropped == 0, "they are kept until others come"
    sink.write("another one")
    assert sink.dropped == 2


def test_lines_are_written_whole(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces: list[bytes] = []
    real = os.write

    def write(descriptor: int, piece: bytes) -> int:
        pieces.append(piece)
        return real(descriptor, piece)

    monkeypatch.setattr(os, "write", write)
    sink = pipe.sink()
    fill(sink)
    sink.write("z" * PIPE_BUF * 2)
    sink.write("last")
    pipe.read_until(b"last\n")
    assert all(len(piece) <= PIPE_BUF for piece in pieces)
    assert sum(not piece.endswith(b"\n") for piece in pieces) == 2  # of the one that is too long


def test_a_line_about_the_writing_of_another_follows_it(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink, write = pipe.sink(), sinks.write_nonblocking

    def collect(stream: object, piece: bytes) -> int:
        """Log as the garbage collector may: a task that nobody asked for its error."""
        monkeypatch.setattr(sinks, "write_nonblocking", write)
        sink.write("about it")
        return write(stream, piece)

    monkeypatch.setattr(sinks, "write_nonblocking", collect)
    sink.write("one")
    sink.write("two")
    assert pipe.read() == b"one\nabout it\ntwo\n"


def test_without_another_thread_lines_wait_for_the_next_one(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(_: Thread) -> None:
        raise RuntimeError("can't start new thread")

    sink = pipe.sink()
    with monkeypatch.context() as patched:
        patched.setattr(Thread, "start", start)
        count = fill(sink)
    assert pipe.read().count(b"\n") == count - 1
    sink.write("last")
    assert pipe.read_until(b"last\n").count(b"\n") == 2


def test_no_thread_is_started_once_logging_has_ended(pipe: Pipe) -> None:
    sink = pipe.sink()
    sink.close()
    fill(sink)
    assert "logs" not in {thread.name for thread in enumerate_threads()}


def test_a_reader_that_went_away_leaves_standard_error(
    pipe: Pipe, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    os.close(pipe.reader)
    sink = pipe.sink()
    sink.write("a line")
    assert capfd.readouterr().err == "a line\n"
    monkeypatch.setattr(sys, "stderr", None)
    sink.write("lost")
    assert sink.dropped == 1


def test_the_end_waits_for_a_slow_reader_but_not_for_one_that_is_gone(pipe: Pipe) -> None:
    sink = pipe.sink()
    fill(sink)
    began = monotonic()
    sink.close()
    assert CLOSE_SECONDS <= monotonic() - began < 2 * CLOSE_SECONDS
    pipe.read()
    sink.close()
    assert not sink._buffer  # noqa: SLF001 - what it is about
