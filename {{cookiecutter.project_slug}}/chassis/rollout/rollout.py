"""One rollout, as its journal tells it: where it set out, how far it is, what should be there."""

from __future__ import annotations

from dataclasses import asdict
from functools import singledispatchmethod
from typing import TYPE_CHECKING

from chassis.rollout.events import Begun, Done, Ended, Event, Intended, Planned
from chassis.rollout.records import Misfits, Reader
from chassis.rollout.steps import Retire, Shift, begun, done

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.rollout.fleet import Fleet, Release
    from chassis.rollout.journal import Journal
    from chassis.rollout.reading import Reading
    from chassis.rollout.steps import Step


class Rollout:
    """Everything is derived from the events, whether they just happened or were read."""

    begun: Begun
    fleet: Fleet
    """What should be there now."""

    def __init__(self, journal: Journal) -> None:
        """Replay the journal."""
        self.journal = journal
        self.release: Release | None = None
        self.plan = Planned(())
        self.next = 0
        """Number of the plan's first step that is not done."""
        self.leaving: set[str] = set()
        """Names of instances whose retiring has begun and is not done."""
        self.has_shifted = False
        """Whether a shift of traffic has begun, so that it may have to be taken back."""
        self.gates: list[Reading] = []
        """What each observation saw last."""
        self.ended: Ended | None = None
        for number, entry in enumerate(journal.entries, 1):
            reader = Reader()
            event = reader.read(Event, entry, f"{journal.path}:{number}")
            if reader.faults:
                raise Misfits(reader.faults)
            self._apply(event)

    @property
    def brought(self) -> bool:
        """Whether it ended well."""
        return self.ended is not None and self.ended.result == "done"

    def record(self, event: Event) -> None:
        """Write an event down, then believe it. Raises Interrupted if it cannot be written."""
        self.journal.append(asdict(event))
        self._apply(event)

    def rest(self) -> Iterator[tuple[int, Step]]:
        """Give the steps of the plan that are not done, with their numbers."""
        yield from list(enumerate(self.plan.steps))[self.next :]

    @singledispatchmethod
    def _apply(self, event: Event) -> None:
        raise TypeError(event)

    @_apply.register
    def _(self, event: Begun) -> None:
        self.begun = event
        self.fleet = event.fleet

    @_apply.register
    def _(self, event: Planned) -> None:
        self.plan = event
        self.next = 0

    @_apply.register
    def _(self, event: Intended) -> None:
        step = self.plan.steps[event.step]
        self.fleet = begun(self.fleet, step)
        self.has_shifted |= isinstance(step, Shift)
        if isinstance(step, Retire):
            self.leaving.add(step.instance.name)

    @_apply.register
    def _(self, event: Done) -> None:
        step = self.plan.steps[event.step]
        self.fleet = done(self.fleet, step)
        if isinstance(step, Retire):
            self.leaving.discard(step.instance.name)
        self.next = event.step + 1
        self.release = event.release or self.release
        self.gates += event.gates

    @_apply.register
    def _(self, event: Ended) -> None:
        self.ended = event
