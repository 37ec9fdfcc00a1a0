"""Figures as a table: what a stage gives, and what the report prints."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Table:
    """Rows of words and figures."""

    title: str
    columns: tuple[str, ...]
    """What the figures are, unit included; the first column says what was measured."""
    rows: list[tuple[str | float, ...]] = field(default_factory=list)
    note: str = ""
    """How it was measured, in a sentence or two."""

    def add(self, *row: str | float) -> str:
        """Add a row; give it as a line for who waits."""
        self.rows.append(row)
        return "  ".join(map(shown, row))

    def figures(self) -> dict[str, Any]:
        """Write it as JSON has it."""
        return asdict(self)


COLUMNS = ("", "ratio", "least", "most", "µs", "µs, base", "requests", "failed")


def ratios(stage: dict[str, Any]) -> Table:
    """Make the table of a stage that compares."""
    table = Table(stage["title"], COLUMNS, note=stage["note"])
    for row in stage["rows"].values():
        figures = (row["ratio"], row["least"], row["most"])
        costs = (row["microseconds"], row["baseline_microseconds"])
        table.add(row["title"], *figures, *costs, row["requests"], row["failed"])
    return table


def shown(value: str | float) -> str:
    """Write a figure with three digits that count."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) or abs(value) >= 100:  # noqa: PLR2004 - three digits
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 10 else f"{value:.2f}"  # noqa: PLR2004 - the same


def markdown(table: dict[str, Any]) -> str:
    """Print a table that was read from JSON."""
    rule = ["---", *("---:" for _ in table["columns"][1:])]
    lines = [table["columns"], rule, *([shown(it) for it in row] for row in table["rows"])]
    body = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    note = f"{table['note']}\n\n" if table["note"] else ""
    return f"## {table['title']}\n\n{note}{body}"
