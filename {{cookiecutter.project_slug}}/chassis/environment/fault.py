"""One configuration fault, and the exception that carries all of them."""

from __future__ import annotations

from typing import NamedTuple


class Fault(NamedTuple):
    """One variable or file, what is wrong with it and how to fix it."""

    variable: str
    text: str

    def __str__(self) -> str:
        """Format the line to print: the variable first."""
        return printable(f"{self.variable}: {self.text}")


class Misconfigured(Exception):  # noqa: N818 - a state of the configuration
    """The settings are invalid; carries every fault, never the value of a secret."""

    def __init__(self, faults: list[Fault]) -> None:
        """Keep one fault for each variable, sorted by name."""
        self.faults = sorted({fault.variable: fault for fault in reversed(faults)}.values())
        super().__init__("\n".join(map(str, self.faults)))


def printable(text: str) -> str:
    """Escape unprintable characters, so that text stays on one line in every terminal."""
    return "".join(it if it.isprintable() else ascii(it)[1:-1] for it in text)
