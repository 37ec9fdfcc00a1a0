"""Carries the request id, and all other context, into threads."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

P = ParamSpec("P")
T = TypeVar("T")


class ContextThreads(ThreadPoolExecutor):
    """A pool whose threads run a call in the context it was submitted from."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Schedule a call in a copy of the present context."""
        return super().submit(partial(copy_context().run, fn, *args, **kwargs))


@asynccontextmanager
async def context_threads() -> AsyncIterator[None]:
    """Let `loop.run_in_executor(None, …)` carry context, as `asyncio.to_thread` does by itself."""
    loop = asyncio.get_running_loop()
    threads = ContextThreads(thread_name_prefix="app")
    loop.set_default_executor(threads)
    try:
        yield
    finally:
        # By now everything else is closed: what still waits would fail, and what runs is not
        # waited for. The loop gets an idle pool, because it joins whichever it finds at its end.
        threads.shutdown(wait=False, cancel_futures=True)
        loop.set_default_executor(ThreadPoolExecutor())
