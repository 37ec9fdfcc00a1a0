"""How a rollout can fail, and with which exit code the tool then ends."""

from __future__ import annotations

from typing import ClassVar


class Failure(Exception):  # noqa: N818 - a rollout fails, it does not err
    """One message: what, where, what to do."""

    code: ClassVar[int]


class StepFailed(Failure):
    """A step did not come off; the rollout turns back."""

    code = 1


class Refused(Failure):
    """Nothing was done: wrong usage, wrong configuration, or somebody else is at it."""

    code = 2


class Interrupted(Failure):
    """The rollout stands still halfway: `resume` or `rollback` takes it from there."""

    code = 3
