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


class ContextThreadPool(ThreadPoolExecutor):
    """A pool whose threads run a call in the context it was submitted from."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Schedule a call in a copy of the current context."""
        return super().submit(partial(copy_context().run, fn, *args, **kwargs))


@asynccontextmanager
async def carry_context_into_threads() -> AsyncIterator[None]:
    """Make `loop.run_in_executor(None, …)` carry context, as `asyncio.to_thread` does."""
    loop = asyncio.get_running_loop()
    threads = ContextThreadPool(thread_name_prefix="app")
    loop.set_default_executor(threads)
    try:
        yield
    finally:
        # Everything else is closed by now: calls that wait would fail, running ones are abandoned.
        # At its end the loop joins the pool that it has: an idle one in place of this.
        threads.shutdown(wait=False, cancel_futures=True)
        loop.set_default_executor(ThreadPoolExecutor())
