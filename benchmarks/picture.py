"""Draws requests beside bare FastAPI as bars, least and most as a whisker."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT, TOP, BAR, GAP = 1000, 350, 90, 46, 16, 8
OWN, OTHER, INK = "#2f9e62", "#9bb8e8", "#24292f"
FAR = ("asgi", "starlette")
"""So far beyond the others that these would be too short to read; the page has them."""
DARK = (
    '<style>@media(prefers-color-scheme:dark){[fill="#ffffff"]{fill:#0d1117}[fill="#24292f"]{fill:#e6edf3}'
    '[stroke="#24292f"]{stroke:#e6edf3}[stroke="#d0d7de"]{stroke:#30363d}}</style>'
)
TEXT = f'font-family="system-ui,sans-serif" font-size="12" fill="{INK}"'


def draw(results: dict[str, Any]) -> str:
    """Draw what was measured of requests, the trivial service above the realistic one."""
    rows = [
        (f"{row['title']}{suffix}", row)
        for stage, suffix in (("requests", ""), ("realistic", ", 30 routes"))
        for name, row in results["stages"].get(stage, {}).get("rows", {}).items()
        if name not in FAR
    ]
    most = max((row["most"] for _, row in rows), default=1.0)
    scale = (WIDTH - LEFT - RIGHT) / most
    height = TOP + len(rows) * (BAR + GAP) + GAP
    days = sorted({stage["measured"] for stage in results["stages"].values()})
    box = results["machine"]
    below = f"{' and '.join(days)}, {box['cores']} cores of {box['cpu']}, Python {box['python']}"
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}"'
            f' viewBox="0 0 {WIDTH} {height}" role="img">'
        ),
        DARK,
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        (
            f'<text x="12" y="18" {TEXT} font-weight="bold">'
            "Requests in the time in which bare FastAPI answers one (dashed); more is better</text>"
        ),
        f'<text x="12" y="36" {TEXT}>{escape(below)}</text>',
    ]
    for place, (title, row) in enumerate(rows):
        top = TOP + place * (BAR + GAP)
        parts += bar(title, row, top, scale)
    base = LEFT + scale
    line = f'x1="{base:.1f}" x2="{base:.1f}" y1="{TOP - 4}" y2="{height - GAP}"'
    parts += [f'<line {line} stroke="{INK}" stroke-dasharray="3 3"/>', "</svg>", ""]
    return "\n".join(parts)


def bar(title: str, row: dict[str, Any], top: int, scale: float) -> list[str]:
    """Draw one."""
    name = title.replace("**", "").replace("`", "")
    colour = OWN if "**" in title else OTHER
    middle, base = top + BAR / 2, top + BAR - 4
    least, most = LEFT + row["least"] * scale, LEFT + row["most"] * scale
    return [
        f'<text x="{LEFT - 8}" y="{base}" {TEXT} text-anchor="end">{escape(name)}</text>',
        (
            f'<rect x="{LEFT}" y="{top}" width="{row["ratio"] * scale:.1f}" height="{BAR}"'
            f' fill="{colour}"/>'
        ),
        f'<line x1="{least:.1f}" x2="{most:.1f}" y1="{middle}" y2="{middle}" stroke="{INK}"/>',
        f'<text x="{most + 6:.1f}" y="{base}" {TEXT}>{row["ratio"]:.2f}</text>',
    ]
