"""Draws goodput and p99 of the accepted requests by load, a line for each that was measured."""

from __future__ import annotations

from math import log10

from benchmarks.picture import DARK, OTHER, OWN, TEXT

WIDTH, HEIGHT, LEFT, TOP, BOTTOM, GAP = 912, 330, 60, 70, 40, 80
PANEL = (WIDTH - 2 * LEFT - GAP) / 2
COLOURS = (OWN, OTHER, "#d97b29")
MOST_LOAD = 4
TICKS_MS = (10, 100, 1000, 10_000)

Points = list[dict[str, float]]


def draw_curves(curves: dict[str, Points]) -> str:
    """Draw both panels, for light and for dark pages."""
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}"'
            f' viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
        ),
        DARK,
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        text(12, 20, "Overload: by load, in times of the capacity", ' font-weight="bold"'),
    ]
    for place, (name, colour) in enumerate(zip(curves, COLOURS, strict=True)):
        key = LEFT + 200 * place
        parts.append(f'<rect x="{key}" y="32" width="14" height="10" fill="{colour}"/>')
        parts.append(text(key + 20, 41, name.replace("**", "")))
    goodput, latency = float(LEFT), LEFT + PANEL + GAP
    parts.append(text(goodput, TOP - 8, "goodput, share of the capacity"))
    parts.append(text(latency, TOP - 8, "p99 of the accepted, ms"))
    parts += grid(goodput, {f"{share:.0%}": share for share in (0, 0.5, 1)})
    parts += grid(latency, {f"{tick:,}": height_of(tick / 1000) for tick in TICKS_MS})
    for points, colour in zip(curves.values(), COLOURS, strict=True):
        for left, heights in (
            (goodput, [min(it["goodput"], 1) for it in points]),
            (latency, [height_of(it["p99"]) for it in points]),
        ):
            path = " ".join(
                f"{x(left, it['load']):.1f},{y(height):.1f}"
                for it, height in zip(points, heights, strict=True)
            )
            parts.append(
                f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>'
            )
    return "\n".join([*parts, "</svg>", ""])


def height_of(seconds: float) -> float:
    """Place a time between the least and the most tick, by its logarithm."""
    return log10(seconds * 1000 / TICKS_MS[0]) / log10(TICKS_MS[-1] / TICKS_MS[0])


def grid(left: float, marks: dict[str, float]) -> list[str]:
    """Draw the lines and names of a panel."""
    parts = []
    for name, height in marks.items():
        at = y(height)
        parts.append(
            f'<line x1="{left}" x2="{left + PANEL}" y1="{at:.1f}" y2="{at:.1f}" stroke="#d0d7de"/>'
        )
        parts.append(text(left - 6, at + 4, name, ' text-anchor="end"'))
    return parts + [
        text(x(left, load), HEIGHT - BOTTOM + 20, str(load), ' text-anchor="middle"')
        for load in range(1, MOST_LOAD + 1)
    ]


def x(left: float, load: float) -> float:
    """Place a load."""
    return left + PANEL * load / MOST_LOAD


def y(height: float) -> float:
    """Place a share of the panel's height."""
    return HEIGHT - BOTTOM - height * (HEIGHT - TOP - BOTTOM)


def text(left: float, top: float, words: str, more: str = "") -> str:
    """Write some words."""
    return f'<text x="{left:.1f}" y="{top:.1f}" {TEXT}{more}>{words}</text>'
