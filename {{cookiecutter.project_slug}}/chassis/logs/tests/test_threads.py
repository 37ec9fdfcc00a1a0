"""Threads of a request: they carry its context, and hold up no end."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from chassis.logs.threads import ContextThreadPool, carry_context_into_threads


async def test_the_threads_end_without_waiting_for_a_stuck_call() -> None:
    stuck, running = threading.Event(), threading.Event()

    def call() -> None:
        running.set()
        stuck.wait(20)

    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(5):
            async with carry_context_into_threads():
                loop.run_in_executor(None, call)
                await asyncio.to_thread(running.wait, 5)
            await loop.shutdown_default_executor()
    finally:
        stuck.set()


def test_a_call_that_fails_in_a_thread_fails_for_who_asked() -> None:
    def fail(number: int, *, why: str) -> None:
        raise ValueError(number, why)

    with ContextThreadPool() as threads, pytest.raises(ValueError, match="bad"):
        threads.submit(fail, 1, why="bad").result(5)
    assert issubclass(ContextThreadPool, ThreadPoolExecutor)  # all that the loop accepts
