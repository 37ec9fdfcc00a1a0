"""Tells how a rollout goes: on a terminal, in plain lines, or as JSON; and heeds a wish to end."""

from __future__ import annotations

import json
import signal
import sys
from dataclasses import asdict
from time import monotonic, sleep
from typing import TYPE_CHECKING

from chassis.rollout.errors import StepFailed
from chassis.rollout.events import now

if TYPE_CHECKING:
    from types import FrameType
    from typing import TextIO

    from chassis.rollout.reading import Reading

TICK = 0.1


class Progress:
    """What the operator sees, and how the operator is heard."""

    def __init__(self, out: TextIO = sys.stdout, *, as_json: bool = False) -> None:
        """Write to `out`."""
        self.out = out
        self.as_json = as_json
        self.live = out.isatty() and not as_json
        self.wish = ""
        """Why the rollout should turn back; empty while it should not."""
        self.is_deaf = False
        """Whether wishes are too late: the rollout turns back already."""
        self._began = monotonic()

    def listen(self) -> None:
        """Take SIGINT and SIGTERM for the wish to turn back; the second one ends the process."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._hear)

    def _hear(self, number: int, _: FrameType | None) -> None:
        self.wish = f"ended by {signal.Signals(number).name}."
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_DFL)

    def heed(self) -> None:
        """Raise StepFailed if the rollout should turn back, and does not yet."""
        if self.wish and not self.is_deaf:
            raise StepFailed(self.wish)

    def pause(self, seconds: float) -> None:
        """Wait, but not for a moment longer than the operator wishes. Raises StepFailed."""
        end = monotonic() + seconds
        self.heed()
        while (left := end - monotonic()) > 0:
            sleep(min(TICK, left))
            self.heed()

    def say(self, text: str) -> None:
        """Tell something once."""
        self._write({"say": text}, text)

    def step(self, number: int, of: int, text: str, *, back: bool) -> None:
        """Tell which step begins."""
        arrow = "<-" if back else "->"
        self._write(
            {"step": number, "of": of, "what": text, "back": back},
            f"{arrow} {number}/{of} {text}",
        )

    def seen(self, share: float, readings: tuple[Reading, ...], left: float) -> None:
        """Tell what the gates see; on a terminal, in the place of what they saw before."""
        text = f"   at {share:g} %: {', '.join(map(str, readings))}; {left:.0f} s left"
        gates = [asdict(reading) for reading in readings]
        entry = {"share": share, "gates": gates, "left_seconds": round(left, 1)}
        self._write(entry, text, passing=True)

    def fail(self, text: str, code: int) -> None:
        """Tell why it came to nothing, on standard error."""
        told = json.dumps({"at": now(), "failed": text, "exit_code": code})
        print(told if self.as_json else text, file=sys.stderr)  # noqa: T201 - its job

    def show(self, entries: list[dict[str, object]], text: str) -> None:
        """Show a whole result: a line for each entry as JSON, or a text for people."""
        lines = [json.dumps(entry) for entry in entries] if self.as_json else [text]
        self.out.writelines(f"{line}\n" for line in lines)

    def _write(self, entry: dict[str, object], text: str, *, passing: bool = False) -> None:
        if self.as_json:
            text = json.dumps({"at": now(), **entry})
        else:
            text = f"{monotonic() - self._began:7.1f}  {text}"
        if self.live:
            self.out.write(f"\r\x1b[K{text}" + ("" if passing else "\n"))
        else:
            self.out.write(f"{text}\n")
        self.out.flush()
