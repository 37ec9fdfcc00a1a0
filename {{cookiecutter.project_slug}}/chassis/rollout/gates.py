"""Observes new instances under traffic; fails a release that performs worse than the old one."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from chassis.rollout.errors import StepError
from chassis.rollout.http_client import OK
from chassis.rollout.reading import Reading
from chassis.rollout.scraper import Scraper
from chassis.rollout.subprocesses import LINES, last_lines

if TYPE_CHECKING:
    from chassis.rollout.configuration import Configuration
    from chassis.rollout.docker.containers import Containers
    from chassis.rollout.docker.state import InstanceState
    from chassis.rollout.fleet import Instance
    from chassis.rollout.progress import Progress
    from chassis.rollout.steps import Observe

UNREADY_LIMIT = 2
"""Consecutive evaluations with an unready instance after which the release has failed."""
UNKNOWN_LIMIT = 5
"""Consecutive evaluations without the counters of every instance, after which it has failed."""
MEBI = 2**20
PATIENCE = 3
"""Multiple of its duration that a stage of a canary waits for the requests that it needs."""


class Observation:
    """The gates of one step, measured from its beginning."""

    def __init__(self, step: Observe, containers: Containers, configuration: Configuration) -> None:
        """Read the initial value of every counter."""
        self.step = step
        self.containers = containers
        self.gates = configuration.gates
        self.path = configuration.ready.path
        self.unready = 0
        """Consecutive evaluations with an unready instance."""
        self.restarts = sum(self._inspect(it).restarts for it in step.watched)
        self.scraper = Scraper((*step.watched, *step.beside), containers, configuration.gates)
        self.unknown = int(bool(self.scraper.scrape_all()))
        """Consecutive evaluations without the counters of every instance."""

    def evaluate(self) -> tuple[Reading, ...]:
        """Read every gate. Raises StepError for gates that need no counters."""
        states = [self._inspect(it) for it in self.step.watched]
        self._check_readiness()
        memory = max(it.memory for it in states) / MEBI
        return (
            Reading("restarts", sum(it.restarts for it in states) - self.restarts, 0),
            Reading("memory MiB", memory, self.gates.memory_mebibytes),
            *self._compare_releases(),
        )

    def _compare_releases(self) -> tuple[Reading, ...]:
        """Read the gates that compare with the baseline; they need all instances' counters."""
        failure = self.scraper.scrape_all()
        self.unknown = self.unknown + 1 if failure else 0
        if self.unknown >= UNKNOWN_LIMIT:
            raise StepError(
                f"{failure}. The request counters were unknown {UNKNOWN_LIMIT} times in a row: no "
                "data, no promotion."
            )
        new = self.scraper.total(self.step.watched)
        baseline = self.scraper.total(self.step.beside)
        requests = Reading("requests", new.requests)
        if failure or not new.requests:
            return (requests,)
        gates, minimum = self.gates, self.gates.minimum_requests
        ratio_limit = gates.error_ratio + baseline.error_ratio(minimum)
        p99_limit = max(gates.p99_seconds, gates.p99_factor * baseline.quantile(0.99, minimum))
        ratio = new.error_ratio(minimum)
        few = f", counted as of {minimum}" if new.requests < minimum else ""
        failed = f"{new.errors:g} of {new.requests:g} requests failed{few}: error ratio {ratio:.4g}"
        return (
            Reading("error ratio", ratio, ratio_limit, failed),
            Reading("p99 seconds", new.quantile(0.99, minimum), p99_limit),
            requests,
        )

    def _inspect(self, instance: Instance) -> InstanceState:
        state = self.containers.inspect(instance)
        if not state.alive:
            log = last_lines(self.containers.read_log(instance, LINES))
            raise StepError(f"{instance.name} exited under traffic. Its log ends with: {log}")
        return state

    def _check_readiness(self) -> None:
        unready = [it for it in self.step.watched if not self._is_ready(it)]
        self.unready = self.unready + 1 if unready else 0
        if self.unready >= UNREADY_LIMIT:
            raise StepError(f"{unready[0].name} is no longer ready ({self.path}).")

    def _is_ready(self, instance: Instance) -> bool:
        try:
            return self.containers.get(instance, self.path).status == OK
        except OSError:
            return False


def observe(
    step: Observe, containers: Containers, configuration: Configuration, progress: Progress
) -> None:
    """Observe for the duration of the step, showing the readings. Raises StepError."""
    gates = configuration.gates
    observation = Observation(step, containers, configuration)
    needed = gates.needed_requests if step.needs_data else 0
    started = monotonic()
    end = started + step.seconds
    while True:
        readings = observation.evaluate()
        progress.show_readings(step.share, readings, max(0.0, end - monotonic()))
        for reading in readings:
            if reading.exceeds_limit:
                raise StepError(f"The new release exceeds a limit: {reading}.")
        remaining = end - monotonic()
        is_late = monotonic() >= started + PATIENCE * step.seconds
        is_judged = readings[-1].value >= needed or is_late
        if remaining <= 0 and not observation.unknown and is_judged:
            break
        interval = gates.interval_seconds
        progress.sleep(min(interval, remaining) if remaining > 0 else interval)
    if readings[-1].value < needed:
        shared = configuration.proxy.sticky == "client"
        advice = ' With sticky = "client" users who share an address share a release.'
        raise StepError(
            f"{readings[-1].value:g} requests at {step.share:g} % in {monotonic() - started:.0f} s "
            f"are too few to judge the release: a stage needs {needed}. Lengthen the stages of the "
            f"canary, or use rolling or blue-green.{advice if shared else ''}"
        )
