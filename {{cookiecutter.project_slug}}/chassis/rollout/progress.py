"""Shows the progress of a rollout, as text or as JSON, and lets the operator cancel it."""

from __future__ import annotations

import json
import signal
import sys
from contextlib import suppress
from dataclasses import asdict
from time import monotonic, sleep
from typing import TYPE_CHECKING, TextIO

from chassis.rollout.errors import StepError
from chassis.rollout.events import utc_now

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType

    from chassis.rollout.reading import Reading

TICK = 0.1
ABORT_NOTE = "abort"
"""File in which `abort` says who cancels."""


class Progress:
    """Shows progress to the operator, who can cancel."""

    def __init__(self, out: TextIO = sys.stdout, *, as_json: bool = False) -> None:
        self.out = out
        self.as_json = as_json
        self.is_terminal = out.isatty() and not as_json
        self.cancel_reason = ""
        """The reason to roll back; empty if there is none."""
        self.is_rolling_back = False
        """Whether the rollout is being rolled back already, so that cancelling has no effect."""
        self.readings: tuple[Reading, ...] = ()
        """The last readings of the step in progress."""
        self._started = monotonic()

    def handle_signals(self, folder: Path) -> None:
        """Cancel the rollout on SIGINT and SIGTERM; the second one ends the process."""
        self._abort_note = folder / ABORT_NOTE
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._cancel)

    def _cancel(self, number: int, _: FrameType | None) -> None:
        self.cancel_reason = f"cancelled by {signal.Signals(number).name}."
        with suppress(OSError):
            self.cancel_reason = f"cancelled by {self._abort_note.read_text()}"
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_DFL)

    def raise_if_cancelled(self) -> None:
        """Raise StepError if the rollout was cancelled and is not being rolled back yet."""
        if self.cancel_reason and not self.is_rolling_back:
            raise StepError(self.cancel_reason)

    def sleep(self, seconds: float) -> None:
        """Sleep until the operator cancels. Raises StepError."""
        end = monotonic() + seconds
        self.raise_if_cancelled()
        while (remaining := end - monotonic()) > 0:
            sleep(min(TICK, remaining))
            self.raise_if_cancelled()

    def log(self, message: str) -> None:
        """Write one message."""
        self._write({"message": message}, message)

    def begin_step(self, number: int, steps: int, action: str) -> None:
        """Write that a step begins."""
        self.readings = ()
        rollback = self.is_rolling_back
        arrow = "<-" if rollback else "->"
        entry = {"step": number, "steps": steps, "action": action, "rollback": rollback}
        self._write(entry, f"{arrow} {number}/{steps} {action}")

    def show_readings(self, share: float, readings: tuple[Reading, ...], remaining: float) -> None:
        """Write the readings of the gates; on a terminal, over the previous ones."""
        self.readings = readings
        text = f"   at {share:g} %: {', '.join(map(str, readings))}; {remaining:.0f} s remaining"
        gates = [asdict(reading) for reading in readings]
        entry = {"share": share, "gates": gates, "remaining_seconds": round(remaining, 1)}
        self._write(entry, text, overwritten=True)

    def fail(self, message: str, code: int) -> None:
        """Write an error to standard error."""
        entry = json.dumps({"at": utc_now(), "error": message, "exit_code": code})
        print(entry if self.as_json else message, file=sys.stderr)  # noqa: T201 - its job

    def show(self, entries: list[dict[str, object]], text: str) -> None:
        """Write a whole result: a JSON object for each entry, or a text."""
        lines = [json.dumps(entry) for entry in entries] if self.as_json else [text]
        self.out.writelines(f"{line}\n" for line in lines)

    def _write(self, entry: dict[str, object], text: str, *, overwritten: bool = False) -> None:
        if self.as_json:
            text = json.dumps({"at": utc_now(), **entry})
        else:
            text = f"{monotonic() - self._started:7.1f}  {text}"
        if self.is_terminal:
            self.out.write(f"\r\x1b[K{text}" + ("" if overwritten else "\n"))
        else:
            self.out.write(f"{text}\n")
        self.out.flush()
