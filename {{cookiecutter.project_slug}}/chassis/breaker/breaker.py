"""Puts a circuit breaker around any asynchronous call, and registers it on the board."""

from __future__ import annotations

from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, get_args

from chassis.breaker.circuit import STATES, Circuit, Outcome
from chassis.series import series
from chassis.service import Check

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from chassis.breaker.circuit import State
    from chassis.breaker.policy import Policy
    from chassis.service import Service

P = ParamSpec("P")
R = TypeVar("R")
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
VERDICTS: dict[bool | None, Outcome] = {True: "failure", False: "success", None: "neutral"}


class Breaker:
    """Guards the calls to one dependency of any kind, in one event loop.

    `await breaker.call(session.execute, statement)`.

    An exception is a failure, unless `is_failure` returns False, as for a 404: the dependency
    responded, which is a success. If it returns None, the call is neutral: an error of our own says
    nothing about the dependency. A result is a success unless `is_failed_result` returns True for
    it. A cancelled call is neutral. So set timeouts inside the call: a timeout around the guarded
    call only cancels it.
    """

    def __init__(
        self,
        name: str,
        policy: Policy,
        *,
        is_failure: Callable[[Exception], bool | None] | None = None,
        is_failed_result: Callable[[Any], bool] | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Begin closed; take the time, in seconds, from the clock."""
        self.name = name
        self._circuit = Circuit(name, policy, clock)
        self._is_failure = is_failure
        self._is_failed_result = is_failed_result
        self._calls = dict.fromkeys(OUTCOMES, 0)

    @property
    def state(self) -> State:
        """The state after the latest call; an open circuit becomes half-open at the next call."""
        return self._circuit.state

    def check(self) -> None:
        """Raise CircuitOpen if a call would be rejected now; use it before waiting for anything."""
        self._circuit.check()

    async def call(
        self, function: Callable[P, Awaitable[R]], /, *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Call the function and return its result. Raises what it raises, or CircuitOpen."""
        generation = self._circuit.admit()
        outcome: Outcome = "neutral"
        error_type: str | None = None
        try:
            result = await function(*args, **kwargs)
        except Exception as error:
            error_type = type(error).__name__
            outcome = VERDICTS[self._is_failure(error) if self._is_failure else True]
            raise
        else:
            failed = self._is_failed_result is not None and self._is_failed_result(result)
            outcome = "failure" if failed else "success"
            return result
        finally:
            self._calls[outcome] += 1
            self._circuit.record(generation, outcome, error_type)

    def register(self, service: Service) -> None:
        """Register gauges and counters, and a health check that warns while not closed."""
        of = partial(series, breaker=self.name)
        service.gauges[of("breaker_state")] = lambda: STATES.index(self.state)
        service.counters[of("breaker_rejected_total")] = lambda: self._circuit.rejected
        for state in STATES:
            name = of("breaker_transitions_total", to=state)
            service.counters[name] = partial(self._circuit.transitions.__getitem__, state)
        for outcome in OUTCOMES:
            name = of("breaker_calls_total", outcome=outcome)
            service.counters[name] = partial(self._calls.__getitem__, outcome)
        service.checks[f"breaker:{self.name}"] = Check(probe=self._probe, gates="nothing")

    async def _probe(self) -> None:
        if self.state != "closed":
            raise self._circuit.open_error()
