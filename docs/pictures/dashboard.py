# ruff: noqa: INP001 - a script is no package
"""Draws panels of the dashboards of a carved service, from a real Prometheus.

From the root of the template: `PYTHONPATH=.:hooks python docs/pictures/dashboard.py`.

The service runs for some minutes; meanwhile a new revision takes over and the database goes away.
"""

from __future__ import annotations

import math
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.sax.saxutils import escape

from tests.monitoring import dashboards, put_in
from tests.proofs.carved import Carved
from tests.proofs.servers import free_port
from tests.proofs.watched import watched

if TYPE_CHECKING:
    from tests.proofs.watched import Prometheus

OUTPUT = Path(__file__).with_suffix(".svg")
PANELS = {
    "service.json": (
        "Traffic",
        "Errors",
        "Latency of all routes",
        "Answers by status",
        "CPU",
        "Memory",
    ),
    "database.json": ("Pool",),
    "cache.json": ("Found",),
}
PHASES = ((60, "revision"), (45, "away"), (20, "back"), (55, "end"))
"""Seconds until something happens, and what."""
REVISIONS = ("3f1c9ab", "8d20e47")
WIDTH, HEIGHT, COLUMNS, GAP, LEFT, TOP = 440, 190, 2, 16, 60, 34
COLOURS = ("#3274d9", "#e0752d", "#299c46", "#b877d9", "#c4162a", "#8f7a00", "#1f9fb4", "#70767d")
STYLE = 'font-family="system-ui,sans-serif" font-size="11" fill="#24292f"'
DARK = (
    '<style>@media(prefers-color-scheme:dark){[fill="#24292f"]{fill:#e6edf3}[fill="#f4f5f5"]{fill:#0d1117}'
    '[fill="#fff"]{fill:#161b22}[stroke="#d8d9da"],[stroke="#e4e5e6"]{stroke:#30363d}}</style>'
)
MOST = len(COLOURS)
HOLE = 5
"""Seconds without a value after which a line is broken off."""


class Line(NamedTuple):
    """One series of a panel."""

    name: str
    points: list[tuple[float, float]]


class Run(NamedTuple):
    """What was watched, and when: seconds since 1970."""

    prometheus: Prometheus
    began: float
    ended: float
    deployed: float


def main() -> None:
    """Run the service, then draw."""
    with tempfile.TemporaryDirectory() as folder:
        service = Carved.make(Path(folder)).sync()
        ports = [free_port(), free_port()]
        with watched(service, ports, SERVICE_REVISION=REVISIONS[0]) as scene, ExitStack() as stack:
            began = deployed = time.time()
            second = service.serve(
                **scene.variables, METRICS_PORT=str(ports[1]), SERVICE_REVISION=REVISIONS[1]
            )
            for seconds, event in PHASES:
                time.sleep(seconds)
                if event == "revision":
                    deployed = time.time()
                    scene.load.replicas.append(stack.enter_context(second))
                    scene.load.replicas[0].stop()
                elif event == "away":
                    scene.database.stop()
                elif event == "back":
                    scene.database.start()
            run = Run(scene.prometheus, began, time.time(), deployed)
            boards = dashboards(service.path)
            chosen = [
                next(it for it in boards[name]["panels"] if it["title"] == title)
                for name, titles in PANELS.items()
                for title in titles
            ]
            OUTPUT.write_text(picture([(it, lines(it, run)) for it in chosen], run), "utf-8")
            scene.load.done = True


def lines(panel: dict[str, Any], run: Run) -> list[Line]:
    """Ask for the series of a panel, and name them as it does."""
    found = []
    for target in panel["targets"]:
        data = run.prometheus.ask(
            "query_range",
            query=put_in(target["expr"]),
            start=str(run.began),
            end=str(run.ended),
            step="1",
        )
        for series in data["result"]:
            name = target["legendFormat"]
            for label, value in series["metric"].items():
                name = name.replace(f"{{{{{label}}}}}", value.removeprefix("127.0.0.1"))
            points = [(when, float(value)) for when, value in series["values"]]
            found.append(Line(name, [it for it in points if math.isfinite(it[1])]))
    found = [line for line in found if line.points]
    return sorted(found, key=lambda line: -max(value for _, value in line.points))[:MOST]


def picture(panels: list[tuple[dict[str, Any], list[Line]]], run: Run) -> str:
    """Lay the panels out in a grid."""
    rows = math.ceil(len(panels) / COLUMNS)
    width = COLUMNS * (WIDTH + GAP) + GAP
    height = rows * (HEIGHT + GAP) + GAP
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {STYLE}>',
        DARK,
        f'<rect width="{width}" height="{height}" fill="#f4f5f5"/>',
    ]
    for number, (panel, series) in enumerate(panels):
        x = GAP + number % COLUMNS * (WIDTH + GAP)
        y = GAP + number // COLUMNS * (HEIGHT + GAP)
        drawn += [f'<g transform="translate({x} {y})">', *plot(panel, series, run), "</g>"]
    return "\n".join([*drawn, "</svg>", ""])


def plot(panel: dict[str, Any], series: list[Line], run: Run) -> list[str]:
    """Draw one panel."""
    right, bottom = WIDTH - 130, HEIGHT - 24
    top = max((value for line in series for _, value in line.points), default=0) or 1

    def across(when: float) -> float:
        return LEFT + (when - run.began) / (run.ended - run.began) * (right - LEFT)

    def up(value: float) -> float:
        return bottom - value / top * (bottom - TOP)

    drawn = [
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="4" fill="#fff" stroke="#d8d9da"/>',
        f'<text x="12" y="20" font-weight="600">{escape(panel["title"])}</text>',
    ]
    for part in (0, 0.5, 1):
        y = up(part * top)
        drawn.append(f'<path d="M{LEFT} {y:.1f}H{right}" stroke="#e4e5e6"/>')
        label = shown(part * top, panel["fieldConfig"]["defaults"]["unit"])
        drawn.append(f'<text x="{LEFT - 5}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
    mark = across(run.deployed)
    drawn.append(
        f'<path d="M{mark:.1f} {TOP}V{bottom}" stroke="#3274d9" stroke-dasharray="4 3"/>'
        f'<text x="{mark + 3:.1f}" y="{HEIGHT - 9}" fill="#3274d9">{REVISIONS[1]}</text>'
    )
    for number, line in enumerate(series):
        path = "".join(
            f"{'L' if index and when - line.points[index - 1][0] < HOLE else 'M'}"
            f"{across(when):.1f} {up(value):.1f}"
            for index, (when, value) in enumerate(line.points)
        )
        drawn.append(
            f'<path d="{path}" fill="none" stroke="{COLOURS[number]}" stroke-width="1.4"/>'
        )
        y = TOP + 6 + number * 15
        drawn.append(
            f'<path d="M{right + 8} {y - 4}h10" stroke="{COLOURS[number]}" stroke-width="2.4"/>'
            f'<text x="{right + 22}" y="{y}" font-size="9">{escape(line.name[-22:])}</text>'
        )
    return drawn


def shown(value: float, unit: str) -> str:
    """Write a value as its panel does, roughly."""
    match unit:
        case "percentunit":
            return f"{value * 100:.3g} %"
        case "bytes":
            return f"{value / 2**20:.3g} MiB"
        case "s":
            return f"{value * 1000:.3g} ms"
    return f"{value:.3g}"


if __name__ == "__main__":
    main()
