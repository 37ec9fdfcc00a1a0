"""The state machine: closed while calls succeed, open once too many fail, then half-open (R9)."""

from __future__ import annotations

from random import uniform
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import structlog

from chassis.breaker.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from chassis.breaker.policy import Policy

State: TypeAlias = Literal["closed", "half-open", "open"]
Outcome: TypeAlias = Literal["success", "failure", "neutral"]
STATES: tuple[State, ...] = get_args(State)

log = structlog.get_logger(__name__)


class CircuitOpen(Exception):  # noqa: N818 - it is the state of the circuit, not a fault of the call
    """The call was not made, because too many before it failed."""

    def __init__(self, name: str, retry_after: float) -> None:
        """Take the name of the circuit, and the seconds after which a retry may be admitted."""
        super().__init__(f"circuit {name} is open, retry in {retry_after:.1f} seconds")
        self.name = name
        self.retry_after = retry_after


class Circuit:
    """Admits calls and records their outcomes; it neither waits nor needs a lock.

    Each change of state begins a generation. A call belongs to the generation that admitted it;
    an outcome that arrives in a later one is ignored.
    """

    def __init__(self, name: str, policy: Policy, clock: Callable[[], float]) -> None:
        self.name = name
        self.state: State = "closed"
        self.transitions = dict.fromkeys(STATES, 0)
        """How often it entered each state."""
        self.rejected = 0
        """How many calls it rejected."""
        self._policy = policy
        self._clock = clock
        self._window = Window(policy.window_calls, policy.window_seconds)
        self._generation = 0
        self._until = 0.0  # end of the open state; when half-open, when trials are overdue
        self._permits = 0
        self._successes = 0

    def check(self) -> None:
        """Raise CircuitOpen if a call would be rejected now; take no permit."""
        if self.state == "closed" or self._clock() >= self._until:
            return
        if self.state == "open" or not self._permits:
            self.rejected += 1
            raise self.open_error()

    def admit(self) -> int:
        """Admit a call and return its generation. Raises CircuitOpen."""
        if self.state == "closed":
            return self._generation
        now = self._clock()
        if now >= self._until:
            self._end_wait(now)
        if self.state == "open" or not self._permits:
            self.rejected += 1
            raise self.open_error()
        self._permits -= 1
        self._until = now + self._policy.trial_seconds
        return self._generation

    def record(self, generation: int, outcome: Outcome, error: str | None = None) -> None:
        """Record the outcome of a call that has ended, and the type of its error."""
        if generation != self._generation:
            return
        if self.state == "half-open":
            self._record_trial(outcome, error)
        elif outcome != "neutral":
            self._record_call(error, failed=outcome == "failure")

    def open_error(self) -> CircuitOpen:
        """Return the error; if half-open, it assumes that the trial calls in flight fail."""
        left = self._until - self._clock() if self.state == "open" else self._policy.open_seconds
        return CircuitOpen(self.name, max(0.0, left))

    def _end_wait(self, now: float) -> None:
        """Become half-open; open again if all trial calls are overdue, or it would stay so."""
        permits = self._policy.permits
        if self.state == "open":
            self._permits, self._successes = permits, 0
            self._enter("half-open")
            log.debug("circuit half-open", breaker=self.name, permits=permits)
        elif not self._permits:
            self._open(now, permits - self._successes, permits, "TimeoutError")

    def _record_trial(self, outcome: Outcome, error: str | None) -> None:
        if outcome == "neutral":
            self._permits += 1
        elif outcome == "failure":
            self._open(self._clock(), 1, self._successes + 1, error)
        else:
            self._successes += 1
            if self._successes == self._policy.permits:
                self._window.clear()
                self._enter("closed")
                log.info("circuit closed", breaker=self.name)

    def _record_call(self, error: str | None, *, failed: bool) -> None:
        now, window, policy = self._clock(), self._window, self._policy
        window.record(now, failed=failed)
        enough = window.calls >= policy.minimum_calls
        if failed and enough and window.failures / window.calls >= policy.failure_ratio:
            self._open(now, window.failures, window.calls, error)

    def _open(self, now: float, failures: int, calls: int, error: str | None) -> None:
        seconds = self._policy.open_seconds * uniform(1, 1 + self._policy.jitter)  # noqa: S311 - jitter
        self._until = now + seconds
        write = log.warning if self.state == "closed" else log.debug  # one warning per outage
        self._enter("open")
        figures = {"failures": failures, "calls": calls, "seconds": round(seconds, 3)}
        write("circuit open", breaker=self.name, error=error, **figures)

    def _enter(self, state: State) -> None:
        self.state = state
        self.transitions[state] += 1
        self._generation += 1
