"""Formats the name of one time series, with its labels."""

from __future__ import annotations

__all__ = ["series"]

ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def label(**values: str) -> str:
    """Format labels, such as `to="billing",by="alice"`."""
    return ",".join(f'{name}="{value.translate(ESCAPES)}"' for name, value in values.items())


def series(name: str, /, **labels: str) -> str:
    """Format the name of one series, such as `calls_total{to="billing"}`."""
    return f"{name}{{{label(**labels)}}}" if labels else name
