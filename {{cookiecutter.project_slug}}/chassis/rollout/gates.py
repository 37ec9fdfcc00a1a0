"""Watches new instances under traffic, and stops a release that does worse than the old one."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from chassis.rollout.errors import StepFailed
from chassis.rollout.reading import Reading
from chassis.rollout.scrapes import Scrapes

if TYPE_CHECKING:
    from chassis.rollout.configuration import Configuration
    from chassis.rollout.drivers import Driver
    from chassis.rollout.fleet import Instance
    from chassis.rollout.progress import Progress
    from chassis.rollout.steps import Observe

MISSES = 2
"""Unready answers in a row that are no accident."""
BLIND = 5
"""Looks in a row without the figures of everybody, after which the release goes back."""
MEBI = 2**20


class Watch:
    """One observation: everything is counted from its beginning."""

    def __init__(self, step: Observe, driver: Driver, configuration: Configuration) -> None:
        """Look at everybody for the first time."""
        self.step = step
        self.driver = driver
        self.gates = configuration.gates
        self.path = configuration.ready.path
        self.misses = 0
        self.restarts = {it.name: self._restarts(it) for it in step.watched}
        self.scrapes = Scrapes((*step.watched, *step.beside), driver, configuration.gates)
        self.blind = int(bool(self.scrapes.read()))
        """Looks in a row that did not learn everybody's figures."""

    def look(self) -> tuple[Reading, ...]:
        """Read every gate. Raises StepFailed for what needs no figures."""
        restarts = sum(self._restarts(it) - self.restarts[it.name] for it in self.step.watched)
        self._see_readiness()
        memory = max(self.driver.vitals(it).memory for it in self.step.watched)
        return (
            Reading("restarts", restarts, 0),
            Reading("memory MiB", memory / MEBI, self.gates.memory_mebibytes),
            *self._compare(),
        )

    def _compare(self) -> tuple[Reading, ...]:
        """Read the gates that compare; without the figures of everybody they are held shut."""
        fault = self.scrapes.read()
        self.blind = self.blind + 1 if fault else 0
        if self.blind >= BLIND:
            raise StepFailed(
                f"{fault}. How the releases do is unknown at {BLIND} looks in a row: no data, no "
                "promotion."
            )
        new, old = self.scrapes.since(self.step.watched), self.scrapes.since(self.step.beside)
        requests = Reading("requests", new.requests)
        if fault:
            return (requests,)
        gates = self.gates
        least = gates.minimum_requests
        tolerated = gates.error_ratio + old.error_ratio(least)
        slow = gates.p99_factor * old.quantile(0.99, least)
        return (
            Reading("error ratio", new.error_ratio(least), tolerated),
            Reading("p99 seconds", new.quantile(0.99, least), max(gates.p99_seconds, slow)),
            requests,
        )

    def _restarts(self, instance: Instance) -> int:
        vitals = self.driver.vitals(instance)
        if not vitals.alive:
            words = self.driver.last_words(instance)
            raise StepFailed(f"{instance.name} died under traffic. It said: {words}")
        return vitals.restarts

    def _see_readiness(self) -> None:
        unready = [it for it in self.step.watched if not self._is_ready(it)]
        self.misses = self.misses + 1 if unready else 0
        if self.misses >= MISSES:
            raise StepFailed(f"{unready[0].name} is not ready any more ({self.path}).")

    def _is_ready(self, instance: Instance) -> bool:
        try:
            return self.driver.ask(instance, self.path).status == 200  # noqa: PLR2004 - OK
        except OSError:
            return False


def observe(
    step: Observe, driver: Driver, configuration: Configuration, progress: Progress
) -> tuple[Reading, ...]:
    """Watch for as long as the step says; return what was seen last. Raises StepFailed."""
    gates = configuration.gates
    watch = Watch(step, driver, configuration)
    end = monotonic() + step.seconds
    while True:
        readings = watch.look()
        progress.seen(step.share, readings, max(0.0, end - monotonic()))
        for reading in readings:
            if reading.fails:
                raise StepFailed(f"{reading} of the new release.")
        left = end - monotonic()
        if left <= 0 and not watch.blind:
            break
        progress.pause(min(gates.interval_seconds, left) if left > 0 else gates.interval_seconds)
    requests = readings[-1].value
    if step.needs_data and requests < gates.minimum_requests:
        raise StepFailed(
            f"{requests:g} requests are too few to judge by, {gates.minimum_requests} are needed. "
            "Lengthen the canary's steps, or lower gates.minimum_requests."
        )
    return readings
