"""Carries the request id, and all other context, into threads and into errors."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import Context, copy_context
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

P = ParamSpec("P")
T = TypeVar("T")

start_thread = Thread.start
thread_contexts: WeakKeyDictionary[Thread, Context] = WeakKeyDictionary()


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
        # Everything else is closed now: waiting calls would fail, running ones are abandoned. The
        # loop joins its pool in the end, so it gets an idle one.
        threads.shutdown(wait=False, cancel_futures=True)
        loop.set_default_executor(ThreadPoolExecutor())


@asynccontextmanager
async def carry_context_into_errors() -> AsyncIterator[None]:
    """Log an error that nobody retrieves from a task in the context of that task."""
    loop = asyncio.get_running_loop()
    if loop.get_exception_handler() is None:
        loop.set_exception_handler(_log_unretrieved)
    yield


def _log_unretrieved(loop: asyncio.AbstractEventLoop, error: dict[str, Any]) -> None:
    """Log an error of the event loop in its context; in an empty one if that is unknown."""
    origin = error.get("task") or error.get("future") or error.get("handle")
    read_context = getattr(origin, "get_context", Context)  # tasks have it since Python 3.12
    read_context().copy().run(loop.default_exception_handler, error)


def keep_contexts_of_threads() -> None:
    """Keep the context in which each thread is started; Python has no hook for it."""
    Thread.start = _start_thread  # type: ignore[assignment] # as tracing libraries do


def context_of(thread: Thread | None) -> Context:
    """Return the context in which a thread was started, else an empty one."""
    return thread_contexts.get(thread, Context()) if thread else Context()


def _start_thread(thread: Thread) -> None:
    thread_contexts[thread] = copy_context()
    start_thread(thread)
