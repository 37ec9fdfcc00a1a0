"""Names one series of figures: what is counted, and the labels that tell it from its like."""

from __future__ import annotations

ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def label(**values: str) -> str:
    """Write labels, such as `to="billing",by="alice"`."""
    return ",".join(f'{name}="{value.translate(ESCAPES)}"' for name, value in values.items())


def series(name: str, /, **labels: str) -> str:
    """Write the name of one series, such as `calls_total{to="billing"}`."""
    return f"{name}{{{label(**labels)}}}" if labels else name
