"""The breaker against a model that keeps everything and computes each answer again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chassis.breaker import Breaker, CircuitOpen, Policy
from chassis.breaker.tests.stepwise import Call, Clock

if TYPE_CHECKING:
    from chassis.breaker.tests.stepwise import Ending

POLICIES = st.builds(
    Policy,
    failure_ratio=st.sampled_from([0.1, 0.3, 0.5, 1.0]),
    minimum_calls=st.integers(1, 4),
    window_calls=st.integers(4, 12),
    window_seconds=st.just(8.0),
    open_seconds=st.just(4.0),
    jitter=st.just(0.0),
    permits=st.integers(1, 3),
    trial_seconds=st.just(6.0),
)
OUTCOMES: dict[str, list[Ending]] = {
    "success": ["fine", None, LookupError("404")],
    "failure": ["bad", OSError("refused"), TimeoutError()],
    "neutral": [asyncio.CancelledError(), KeyboardInterrupt(), SystemExit(1), BufferError()],
}


@dataclass
class Model:
    """What has happened, in full; nothing is derived until it is asked for."""

    policy: Policy
    eras: list[tuple[str, float]] = field(default_factory=lambda: [("closed", 0.0)])
    ended: list[tuple[float, int, str]] = field(default_factory=list)  # when, in which era, how
    begun: list[tuple[float, int]] = field(default_factory=list)  # when, in which era
    rejected: int = 0

    @property
    def era(self) -> int:
        return len(self.eras) - 1

    @property
    def state(self) -> str:
        return self.eras[-1][0]

    def admits(self, now: float) -> bool:
        if self.state == "open" and now >= self.eras[-1][1] + self.policy.open_seconds:
            self.eras.append(("half-open", now))
        if self.state == "half-open":
            trials = [when for when, era in self.begun if era == self.era]
            given_back = sum(how == "neutral" for _, era, how in self.ended if era == self.era)
            if len(trials) - given_back < self.policy.permits:
                return True
            if now >= max(trials) + self.policy.trial_seconds:
                self.eras.append(("open", now))
        return self.state == "closed"

    def end(self, now: float, era: int, how: str) -> None:
        self.ended.append((now, era, how))
        if era != self.era or how == "neutral":
            return
        counted = [(when, o) for when, e, o in self.ended if e == era and o != "neutral"]
        if self.state == "closed" and how == "failure":
            latest = counted[-self.policy.window_calls :]
            recent = [o for when, o in latest if now - when < self.policy.window_seconds]
            share = Fraction(recent.count("failure"), len(recent))
            limit = Fraction(str(self.policy.failure_ratio))
            if len(recent) >= self.policy.minimum_calls and share >= limit:
                self.eras.append(("open", now))
        elif self.state == "half-open" and how == "failure":
            self.eras.append(("open", now))
        elif self.state == "half-open" and len(counted) == self.policy.permits:
            self.eras.append(("closed", now))


class Machine(RuleBasedStateMachine):
    """Calls that overlap and end in any way at any time."""

    @initialize(policy=POLICIES)
    def begin(self, policy: Policy) -> None:
        self.clock = Clock()
        self.model = Model(policy)
        self.running: list[tuple[Call, int]] = []
        self.breaker = Breaker(
            "t",
            policy,
            is_failure=lambda error: {LookupError: False, BufferError: None}.get(type(error), True),
            is_failed_result=lambda result: result == "bad",
            clock=self.clock,
        )

    @rule()
    def start(self) -> None:
        admitted = self.model.admits(self.clock.now)
        if not admitted:
            self.model.rejected += 1
            with pytest.raises(CircuitOpen):
                Call(self.breaker)
            return
        self.running.append((Call(self.breaker), self.model.era))
        self.model.begun.append((self.clock.now, self.model.era))

    @rule(pick=st.integers(0), how=st.sampled_from([*OUTCOMES]), ending=st.integers(0, 4))
    def end(self, pick: int, how: str, ending: int) -> None:
        if not self.running:
            return
        call, era = self.running.pop(pick % len(self.running))
        endings = OUTCOMES[how]
        if how == "neutral" and ending == len(endings):
            call.abandon()
        else:
            call.end(endings[ending % len(endings)])
        self.model.end(self.clock.now, era, how)

    @rule(how=st.sampled_from(["success", "failure"]), times=st.integers(1, 6))
    def burst(self, how: str, times: int) -> None:
        """Start and end calls at once, or hardly any circuit would ever open."""
        for _ in range(times):
            before = len(self.running)
            self.start()
            if len(self.running) > before:
                self.end(before, how, 0)

    @rule(seconds=st.sampled_from([0.25, 2.0, 4.0, 6.0, 8.0]))
    def pass_time(self, seconds: float) -> None:
        self.clock.now += seconds

    @invariant()
    def agree(self) -> None:
        assert self.breaker.state == self.model.state
        assert self.breaker._circuit.rejected == self.model.rejected  # noqa: SLF001 - its own test
        taken = [state for state, _ in self.model.eras[1:]]
        counted = {state: taken.count(state) for state in ("closed", "half-open", "open")}
        assert self.breaker._circuit.transitions == counted  # noqa: SLF001 - its own test

    @invariant()
    def no_more_trials_than_permits(self) -> None:
        if self.breaker.state == "half-open":
            trials = sum(era == self.model.era for _, era in self.running)
            assert trials <= self.model.policy.permits

    def teardown(self) -> None:
        for call, _ in self.running:
            call.abandon()


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=200, stateful_step_count=60, deadline=None)
