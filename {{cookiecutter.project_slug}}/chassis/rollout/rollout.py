"""One rollout, replayed from its journal: its start, its progress, and the expected fleet."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from chassis.rollout.events import Begun, Done, Ended, Event, Intended, Planned
from chassis.rollout.records import parse_record
from chassis.rollout.steps import Retire, Shift, expect_begun, expect_done

if TYPE_CHECKING:
    from chassis.rollout.fleet import Fleet, Release
    from chassis.rollout.journal import Journal
    from chassis.rollout.reading import Reading


class Rollout:
    """Its state is derived from its events, whether they just happened or were read."""

    begun: Begun
    fleet: Fleet
    """What should run now."""

    def __init__(self, journal: Journal) -> None:
        """Replay the journal. Raises RefusedError for entries of another version."""
        self.journal = journal
        self.release: Release | None = None
        self.plan = Planned(())
        self.next = 0
        """Number of the first step of the plan that is not done."""
        self.stopping: set[str] = set()
        """Names of instances that have begun to stop and are not removed yet."""
        self.has_shifted = False
        """Whether a shift of traffic has begun, so that it may have to be undone."""
        self.readings: list[Reading] = []
        """The last readings of each observation, also of one that failed."""
        self.ended: Ended | None = None
        for number, entry in enumerate(journal.entries, 1):
            self._apply(parse_record(Event, entry, f"{journal.path}:{number}"))

    @property
    def succeeded(self) -> bool:
        """Whether it ended with the new release."""
        return self.ended is not None and self.ended.result == "done"

    def record(self, event: Event) -> None:
        """Write an event to the journal, then apply it. Raises UnfinishedError if that fails."""
        self.journal.append(asdict(event))
        self._apply(event)

    def _apply(self, event: Event) -> None:
        match event:
            case Begun():
                self.begun = event
                self.fleet = event.fleet
            case Planned():
                self.plan = event
                self.next = 0
                self.readings += event.gates
            case Intended():
                step = self.plan.steps[event.step]
                self.fleet = expect_begun(self.fleet, step)
                self.has_shifted |= isinstance(step, Shift)
                if isinstance(step, Retire):
                    self.stopping.add(step.instance.name)
            case Done():
                step = self.plan.steps[event.step]
                self.fleet = expect_done(self.fleet, step)
                if isinstance(step, Retire):
                    self.stopping.discard(step.instance.name)
                self.next = event.step + 1
                self.release = event.release or self.release
                self.readings += event.gates
            case Ended():
                self.ended = event
