"""Runs the checks on the board: one run of each at a time, with a timeout."""

from __future__ import annotations

import asyncio
import logging
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chassis.service import Check, Service

logger = logging.getLogger(__name__)


class Outcome(NamedTuple):
    """The result of the latest run of a check."""

    seconds: float
    error: str | None
    """Class of the exception, whose message may have secrets; None if it passed."""


NOT_YET_RUN = Outcome(0.0, "NotYetRun")


class CheckRunner:
    """One check, its latest outcome, and the run in progress."""

    def __init__(self, name: str, check: Check, fresh: float, timeout: float) -> None:
        """Keep an outcome for `fresh` seconds; a run times out after `timeout`."""
        self.name = name
        self.check = check
        self.started = check.gates != "startup"
        """Whether it no longer delays the start: True after the first success."""
        self.latest = NOT_YET_RUN
        self._fresh = fresh
        self._timeout = timeout
        self._refreshed_at = -inf
        self._refreshing: asyncio.Task[None] | None = None
        self._run: asyncio.Task[BaseException | None] | None = None

    @property
    def is_failing(self) -> bool:
        """Whether the latest run failed."""
        return self.latest.error is not None

    @property
    def gates_traffic(self) -> bool:
        """Whether its failure makes the service unready."""
        return self.check.gates == "readiness" or not self.started

    async def refresh(self) -> None:
        """Refresh the outcome; concurrent callers share one run."""
        if monotonic() - self._refreshed_at < self._fresh:
            return
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._refresh())
        await asyncio.wait(
            {self._refreshing}
        )  # unlike await, cancelling a caller does not cancel it

    async def _refresh(self) -> None:
        began = monotonic()
        if self._run is None or self._run.done():
            self._run = asyncio.create_task(self._run_check())
            await asyncio.wait({self._run}, timeout=self._timeout)
        if self._run.done():
            error = self._run.result()
        else:  # a run that ignores its cancellation blocks further ones
            error = TimeoutError(f"no response within {self._timeout:g} seconds")
            self._run.cancel()
        self._refreshed_at = monotonic()
        self._record(
            Outcome(self._refreshed_at - began, type(error).__name__ if error else None), error
        )

    async def _run_check(self) -> BaseException | None:
        try:
            await self.check.probe()
        except BaseException as error:  # noqa: BLE001 - SystemExit in a task would stop the loop
            return error
        return None

    def _record(self, outcome: Outcome, error: BaseException | None) -> None:
        if outcome.error and outcome.error != self.latest.error:
            logger.warning("check failed", extra={"check": self.name, "error": repr(error)})
        elif self.is_failing and self.latest is not NOT_YET_RUN and not outcome.error:
            logger.info("check recovered", extra={"check": self.name})
        self.latest = outcome
        self.started |= not self.is_failing


class Checks:
    """Every check on the board."""

    def __init__(self, service: Service, fresh: float, timeout: float) -> None:
        """Read the board at each probe, because features add checks while they open."""
        self._service = service
        self._fresh = fresh
        self._timeout = timeout
        self._by_name: dict[str, CheckRunner] = {}

    @property
    def runners(self) -> list[CheckRunner]:
        """The runners, in the order of the board."""
        for name, check in self._service.checks.items():
            if name not in self._by_name:
                timeout = min(check.timeout, self._timeout)
                self._by_name[name] = CheckRunner(name, check, self._fresh, timeout)
        return list(self._by_name.values())

    async def run(self, needed: Iterable[CheckRunner]) -> tuple[str, str | None]:
        """Refresh these checks concurrently; return pass, warn or fail, and why."""
        runners = list(needed)
        await asyncio.gather(*(runner.refresh() for runner in runners))
        return overall_status(runners)


def overall_status(runners: Sequence[CheckRunner]) -> tuple[str, str | None]:
    """Return pass, warn or fail, and why, from the latest outcomes."""
    if not all(runner.started for runner in runners):
        return "fail", "starting"
    if any(runner.is_failing and runner.gates_traffic for runner in runners):
        return "fail", "failing"
    if any(runner.is_failing for runner in runners):
        return "warn", "degraded"
    return "pass", None
