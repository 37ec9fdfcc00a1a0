"""How a rollout can fail, and the exit code with which the tool then ends."""

from __future__ import annotations

TOOL = "python3 -m chassis.rollout"


class RolloutError(Exception):
    """One message: what was wrong, where, and what to do."""

    code = 3
    """Exit code of the tool."""


class StepError(RolloutError):
    """A step failed: the rollout is rolled back."""


class RefusedError(RolloutError):
    """Nothing was changed: wrong usage, wrong configuration, or another rollout is in progress."""

    code = 2


class UnfinishedError(RolloutError):
    """The rollout is unfinished: `resume` or `rollback` takes it from there."""
