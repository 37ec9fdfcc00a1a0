"""The states of a circuit: closed while calls succeed, open once too many fail, then half-open."""

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
    """The call was not made, for too many before it failed."""

    def __init__(self, name: str, retry_after: float) -> None:
        """Say which circuit is open, and in how many seconds it may be worth trying again."""
        super().__init__(f"circuit {name} is open, try again in {retry_after:.1f} seconds")
        self.name = name
        self.retry_after = retry_after


class Circuit:
    """Lets calls in and learns from how they end; it neither waits nor needs a lock.

    Each state that it takes begins an era. A call belongs to the era it began in, and what ends
    after that counts no more.
    """

    def __init__(self, name: str, policy: Policy, clock: Callable[[], float]) -> None:
        """Begin closed."""
        self.name = name
        self.state: State = "closed"
        self.transitions = dict.fromkeys(STATES, 0)
        """How often it took each state."""
        self.rejected = 0
        """How many calls it did not let in."""
        self._policy = policy
        self._clock = clock
        self._window = Window(policy.window_calls, policy.window_seconds)
        self._era = 0
        self._until = 0.0  # when an open circuit takes trials, and when half-open ones are overdue
        self._permits = 0
        self._successes = 0

    def check(self) -> None:
        """Take no permit, but raise CircuitOpen if a call would not be let in now."""
        if self.state == "closed" or self._clock() >= self._until:
            return
        if self.state == "open" or not self._permits:
            self.rejected += 1
            raise self.refusal()

    def enter(self) -> int:
        """Let a call in and give its era. Raises CircuitOpen."""
        if self.state == "closed":
            return self._era
        now = self._clock()
        if now >= self._until:
            self._move_on(now)
        if self.state == "open" or not self._permits:
            self.rejected += 1
            raise self.refusal()
        self._permits -= 1
        self._until = now + self._policy.trial_seconds
        return self._era

    def leave(self, era: int, outcome: Outcome) -> None:
        """Draw the conclusion from a call that has ended."""
        if era != self._era:
            return
        if self.state == "half-open":
            self._judge_trial(outcome)
        elif outcome != "neutral":
            self._judge_window(failed=outcome == "failure")

    def refusal(self) -> CircuitOpen:
        """Tell when to come back; if half-open, when a trial that fails now would be repeated."""
        left = self._until - self._clock() if self.state == "open" else self._policy.open_seconds
        return CircuitOpen(self.name, max(0.0, left))

    def _move_on(self, now: float) -> None:
        permits = self._policy.permits
        if self.state == "open":
            self._permits, self._successes = permits, 0
            self._turn("half-open")
            log.info("circuit is half-open", breaker=self.name, permits=permits)
        elif not self._permits:  # or trials that hang would keep every other call out for good
            self._open(now, permits - self._successes, permits)

    def _judge_trial(self, outcome: Outcome) -> None:
        if outcome == "neutral":
            self._permits += 1
        elif outcome == "failure":
            self._open(self._clock(), 1, self._successes + 1)
        else:
            self._successes += 1
            if self._successes == self._policy.permits:
                self._window.clear()
                self._turn("closed")
                log.info("circuit is closed", breaker=self.name)

    def _judge_window(self, *, failed: bool) -> None:
        now, window, policy = self._clock(), self._window, self._policy
        window.record(now, failed=failed)
        enough = window.calls >= policy.minimum_calls
        if failed and enough and window.failures / window.calls >= policy.failure_ratio:
            self._open(now, window.failures, window.calls)

    def _open(self, now: float, failures: int, calls: int) -> None:
        seconds = self._policy.open_seconds * uniform(1, 1 + self._policy.jitter)  # noqa: S311 - jitter
        self._until = now + seconds
        self._turn("open")
        figures = {"failures": failures, "calls": calls, "seconds": round(seconds, 3)}
        log.warning("circuit is open", breaker=self.name, **figures)

    def _turn(self, state: State) -> None:
        self.state = state
        self.transitions[state] += 1
        self._era += 1
