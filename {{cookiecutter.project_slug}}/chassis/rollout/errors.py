"""How a rollout can fail, and the exit code with which the tool then ends."""

from __future__ import annotations

from typing import ClassVar

TOOL = "python3 -m chassis.rollout"


class RolloutError(Exception):
    """One message: what was wrong, where, and what to do."""

    code: ClassVar[int]


class StepError(RolloutError):
    """A step failed: the rollout is rolled back."""

    code = 1


class RefusedError(RolloutError):
    """Nothing was changed: wrong usage, wrong configuration, or another rollout is in progress."""

    code = 2


class UnfinishedError(RolloutError):
    """The rollout is unfinished: `resume` or `rollback` takes it from there."""

    code = 3
