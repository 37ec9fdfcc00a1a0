"""Times a block, or each call of a function."""

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
    """Time an operation, with `with` in sync or async code, or as a decorator of either.

    A run that raises or is cancelled is timed too, and counted as failed; the error propagates.
    """

    __slots__ = ("_attributes", "_end", "_name", "_started", "seconds")

    def __init__(self, name: str, attributes: Attributes | None = None) -> None:
        """Take a name without data in it: each name is kept for the life of the process.

        Attributes are read by the observer when the run ends, and may be added until then. A run
        with an `error.type` among them counts as failed even if nothing was raised.
        """
        self._name = name
        self._attributes = attributes

    def __enter__(self) -> None:
        """Start the run."""
        observer = operations.observer
        self._end = None if observer is None else observer(self._name, self._attributes)
        self._started = perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: object
    ) -> None:
        """End the run and record it."""
        self.seconds = perf_counter() - self._started
        """Duration of the run; not set before its end."""
        failed = kind is not None or (self._attributes and "error.type" in self._attributes)
        operations[self._name].record(self.seconds, failed=bool(failed))
        if self._end is not None:
            self._end(error)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Wrap a function so that each call is timed. Raises TypeError for a generator."""
        name = self._name
        if isgeneratorfunction(function) or isasyncgenfunction(function):
            raise TypeError(
                "track times calls, and calling a generator only creates it: use `with`."
            )
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
