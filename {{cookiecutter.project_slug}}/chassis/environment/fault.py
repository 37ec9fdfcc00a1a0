"""One thing that is wrong with the environment, and the error that carries all of them."""

from __future__ import annotations

from typing import NamedTuple


class Fault(NamedTuple):
    """One variable or file, and what is wrong with it."""

    variable: str
    text: str

    def __str__(self) -> str:
        """Give the line to show: the variable first."""
        return printable(f"{self.variable}: {self.text}")


class Misconfigured(Exception):  # noqa: N818 - it is a state, not an accident
    """The environment cannot make a service; carries every fault, never a secret's value."""

    def __init__(self, faults: list[Fault]) -> None:
        """Keep one fault of each variable, in the order of their names."""
        self.faults = sorted({fault.variable: fault for fault in reversed(faults)}.values())
        super().__init__("\n".join(map(str, self.faults)))


def printable(text: str) -> str:
    """Write a text so that it stays on its line and every terminal can show it."""
    return "".join(it if it.isprintable() else ascii(it)[1:-1] for it in text)
