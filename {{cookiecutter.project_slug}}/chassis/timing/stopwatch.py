"""Takes the time of a block or of each call of a function."""

from __future__ import annotations

from functools import wraps
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from time import perf_counter
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from chassis.timing.operation import operations

if TYPE_CHECKING:
    from collections.abc import Callable

    from chassis.timing.operation import Attributes

P = ParamSpec("P")
R = TypeVar("R")


class track:  # noqa: N801 - it reads as a verb: `with track("orders.price"):`
    """Time an operation, in a `with` of sync or async code, or as a decorator of either.

    What raises, cancellation included, is timed too, counted as failed and raised on.
    """

    __slots__ = ("_attributes", "_began", "_end", "_name", "seconds")

    def __init__(self, name: str, attributes: Attributes | None = None) -> None:
        """Name the operation; use few, fixed names: each is kept as long as the process lives.

        Attributes are for who watches the run, and read at its end: they may grow until then. An
        `error.type` among them makes it a failure that raised nothing.
        """
        self._name = name
        self._attributes = attributes

    def __enter__(self) -> None:
        """Start the clock."""
        watch = operations.watch
        self._end = None if watch is None else watch(self._name, self._attributes)
        self._began = perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: object
    ) -> None:
        """Stop the clock and remember the run."""
        self.seconds = perf_counter() - self._began
        """How long it took; there is none before its end."""
        failed = kind is not None or (self._attributes and "error.type" in self._attributes)
        operations[self._name].record(self.seconds, failed=bool(failed))
        if self._end is not None:
            self._end(error)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Wrap a function so that each call is timed. Raises TypeError for a generator."""
        name = self._name
        if isgeneratorfunction(function) or isasyncgenfunction(function):
            raise TypeError("track times calls, and a generator's call only makes it; use `with`.")
        if iscoroutinefunction(function):

            @wraps(function)
            async def awaited(*args: P.args, **kwargs: P.kwargs) -> Any:  # noqa: ANN401 - R's own result
                with track(name):
                    return await function(*args, **kwargs)

            return cast("Callable[P, R]", awaited)

        @wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            with track(name):
                return function(*args, **kwargs)

        return called
