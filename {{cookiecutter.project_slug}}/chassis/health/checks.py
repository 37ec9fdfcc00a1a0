"""Runs the checks on the board: each once at a time, and no longer than it may take."""

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
    """What the latest run of a check came to."""

    seconds: float
    error: str | None
    """Class of what it raised, for a message may hold addresses and passwords; None if well."""


class Watch:
    """One check, what came of it last, and the run that is under way."""

    def __init__(self, name: str, check: Check, fresh: float, timeout: float) -> None:
        """Know nothing yet; let an outcome stand for `fresh` seconds, a run last `timeout`."""
        self.name = name
        self.check = check
        self.started = check.gates != "startup"
        """False while start-up waits for its first success."""
        self.latest = Outcome(0.0, "NotYetRun")
        self._fresh = fresh
        self._timeout = timeout
        self._looked = -inf
        self._look: asyncio.Task[None] | None = None
        self._run: asyncio.Task[BaseException | None] | None = None

    @property
    def fails(self) -> bool:
        """Whether the latest run failed."""
        return self.latest.error is not None

    @property
    def holds(self) -> bool:
        """Whether a failure keeps traffic away."""
        return self.check.gates == "readiness" or not self.started

    async def look(self) -> None:
        """Bring the outcome up to date; all who wait at once share one run."""
        if monotonic() - self._looked < self._fresh:
            return
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(self._bring_up_to_date())
        await asyncio.wait({self._look})  # unlike awaiting it, leaving early cancels nobody's run

    async def _bring_up_to_date(self) -> None:
        began = monotonic()
        if self._run is None or self._run.done():
            self._run = asyncio.create_task(self._ask())
            await asyncio.wait({self._run}, timeout=self._timeout)
        if self._run.done():
            error = self._run.result()
        else:  # a run that ignores its cancellation is left behind, and no other one is started
            error = TimeoutError(f"no answer within {self._timeout:g} seconds")
            self._run.cancel()
        self._looked = monotonic()
        self._note(Outcome(self._looked - began, type(error).__name__ if error else None), error)

    async def _ask(self) -> BaseException | None:
        try:
            await self.check.probe()
        except BaseException as error:  # noqa: BLE001 - SystemExit in a task would end the loop
            return error
        return None

    def _note(self, outcome: Outcome, error: BaseException | None) -> None:
        if outcome.error and outcome.error != self.latest.error:
            logger.warning("check %s fails: %r", self.name, error)
        elif self.fails and not outcome.error:
            logger.info("check %s is well", self.name)
        self.latest = outcome
        self.started |= not self.fails


class Checks:
    """Every check on the board."""

    def __init__(self, service: Service, fresh: float, timeout: float) -> None:
        """Read the board at each probe, for features pin their checks as they open."""
        self._service = service
        self._fresh = fresh
        self._timeout = timeout
        self._by_name: dict[str, Watch] = {}

    @property
    def watches(self) -> list[Watch]:
        """The checks, in the order of the board."""
        for name, check in self._service.checks.items():
            if name not in self._by_name:
                patience = min(check.timeout, self._timeout)
                self._by_name[name] = Watch(name, check, self._fresh, patience)
        return list(self._by_name.values())

    async def verdict(self, needed: Iterable[Watch]) -> tuple[str, str | None]:
        """Look at the checks needed, all at once, and judge: pass, warn or fail, and why."""
        watches = list(needed)
        await asyncio.gather(*(watch.look() for watch in watches))
        return judge(watches)


def judge(watches: Sequence[Watch]) -> tuple[str, str | None]:
    """Judge by the latest outcomes, whenever they were."""
    if not all(watch.started for watch in watches):
        return "fail", "starting"
    if any(watch.fails and watch.holds for watch in watches):
        return "fail", "failing"
    if any(watch.fails for watch in watches):
        return "warn", "degraded"
    return "pass", None
