"""Puts a circuit breaker around any asynchronous call, and shows it on the board."""

from __future__ import annotations

from functools import partial, wraps
from time import monotonic
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, get_args

from chassis.breaker.circuit import STATES, Circuit, Outcome
from chassis.series import series
from chassis.service import Check

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from chassis.breaker.circuit import State
    from chassis.breaker.policy import Policy
    from chassis.service import Service

P = ParamSpec("P")
R = TypeVar("R")
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
VERDICTS: dict[bool | None, Outcome] = {True: "failure", False: "success", None: "neutral"}


class Breaker:
    """Guards the calls of one dependency, of whatever kind, in one event loop.

    `await breaker.call(session.execute, statement)`, or `@breaker` above an async function.

    An exception is a failure unless `failed` denies it, as for a 404: then the dependency was
    there and answered, which is a success. It is neutral if `failed` gives None, for what was
    our own fault says nothing of it. A result is a success unless `bad` says otherwise.
    A cancelled call tells nothing of the dependency and is neutral; so set its timeout inside,
    for one around the guarded call only cancels it.
    """

    def __init__(
        self,
        name: str,
        policy: Policy,
        *,
        failed: Callable[[Exception], bool | None] | None = None,
        bad: Callable[[Any], bool] | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Begin closed; take the time, in seconds, from the clock."""
        self.name = name
        self._circuit = Circuit(name, policy, clock)
        self._failed = failed
        self._bad = bad
        self._calls = dict.fromkeys(OUTCOMES, 0)

    @property
    def state(self) -> State:
        """What the calls so far left; time alone does not change it, the next call does."""
        return self._circuit.state

    def check(self) -> None:
        """Raise CircuitOpen if a call would be rejected now; ask before anything that waits."""
        self._circuit.check()

    async def call(
        self, function: Callable[P, Awaitable[R]], /, *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Call the function and give what it gives. Raises what it raises, or CircuitOpen."""
        era = self._circuit.enter()
        outcome: Outcome = "neutral"
        try:
            result = await function(*args, **kwargs)
        except Exception as error:
            outcome = VERDICTS[True if self._failed is None else self._failed(error)]
            raise
        else:
            outcome = "failure" if self._bad is not None and self._bad(result) else "success"
            return result
        finally:
            self._calls[outcome] += 1
            self._circuit.leave(era, outcome)

    def __call__(self, function: Callable[P, Awaitable[R]]) -> Callable[P, Coroutine[Any, Any, R]]:
        """Guard every call of an async function."""

        @wraps(function)
        async def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            return await self.call(function, *args, **kwargs)

        return guarded

    def pin(self, service: Service) -> None:
        """Show state and counts on the board, and a health check that warns while not closed."""
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
            raise self._circuit.refusal()
