# ruff: noqa: INP001 - a script is no package
"""Draws what users see of rollouts, from what was measured through a real proxy.

From the root of the template: `PYTHONPATH=.:hooks python docs/pictures/rollout.py`.

It rolls a carved service out on this machine while users never stop, notes what became of their
requests in rollout.json, and draws that; `--draw` only draws what is noted.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape

from tests.proofs.carved import Carved
from tests.proofs.load import Tally, load
from tests.rollouts.host import MIX, RolloutHost

if TYPE_CHECKING:
    from collections.abc import Iterator

NOTES = Path(__file__).with_suffix(".json")
OUTPUT = Path(__file__).with_suffix(".svg")
DARK_OUTPUT = OUTPUT.with_name("rollout-dark.svg")
REPLICAS, CLIENTS = 4, 4
CANARY = ((10, 4), (25, 4), (50, 4))
BEFORE, AFTER = 2.0, 3.0
"""Seconds that are watched before the tool starts, and after it has ended."""
BUCKET = 0.25
"""Seconds that one bar stands for."""


class Plan(NamedTuple):
    """One rollout to watch: its title, its strategy, what is wrong with the release."""

    title: str
    strategy: str
    fault: str = ""


PLANS = (
    Plan("Rolling: one replica after the other", "rolling"),
    Plan("Blue-green: all at once, the old ones standing by", "blue-green"),
    Plan("Canary: 10, 25, 50 % of the users, as long as all is well", "canary"),
    Plan("A canary that answers 500, unseen by smoke tests: back by itself", "canary", "fails"),
)
WIDTH, HEIGHT, GAP, LEFT, RIGHT, TOP, BOTTOM = 912, 140, 12, 52, 16, 44, 24
OLD, NEW, BAD = "#9bb8e8", "#2f9e62", "#c4162a"
STYLE = 'font-family="system-ui,sans-serif" font-size="11" fill="#24292f"'
DARK = {
    "#24292f": "#e6edf3",
    "#f4f5f5": "#0d1117",
    "#d8d9da": "#30363d",
    "#fff": "#161b22",
    OLD: "#4a6fa5",
    BAD: "#ff5c6c",
}
"""Colours of the picture for dark pages, by those of the light one."""


@dataclass
class Watched:
    """What users saw of one rollout; a list has an entry for each bucket."""

    title: str
    requests: int = 0
    failed: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    median_ms: float = 0
    p99_ms: float = 0
    began: float = 0
    """Seconds at which the tool started, and at which it ended."""
    ended: float = 0
    old: list[int] = field(default_factory=list)
    """Answers of the release that was there before."""
    new: list[int] = field(default_factory=list)
    bad: list[int] = field(default_factory=list)
    """Requests that failed."""


class Watcher:
    """Users of two kinds: some use the service, others ask, over and over, which release it is."""

    def __init__(self, host: RolloutHost) -> None:
        """Prepare the users."""
        self.host = host
        self.over = False
        self.answers: list[tuple[float, float, str]] = []
        """When, after how many seconds, and of which release."""
        self.failures: list[float] = []
        self.tally = Tally()
        self.threads = [threading.Thread(target=it) for it in (self._use, self._ask, self._ask)]

    def _use(self) -> None:
        self.tally = asyncio.run(
            load(lambda: [self.host.proxy], MIX, until=self._note, clients=CLIENTS, seconds=300)
        )

    def _note(self, tally: Tally) -> bool:
        for _ in range(tally.failed.total() - len(self.failures)):
            self.failures.append(time.monotonic())
        return self.over

    def _ask(self) -> None:
        while not self.over:
            asked = time.monotonic()
            revision = self.host.read_revision(f"{random.random()}")  # noqa: S311 - any user will do
            ended = time.monotonic()
            self.answers.append((ended, ended - asked, revision))


@contextmanager
def watching(host: RolloutHost) -> Iterator[Watcher]:
    """Let users use the service for the time of a block, and a while before and after."""
    watcher = Watcher(host)
    for thread in watcher.threads:
        thread.start()
    try:
        time.sleep(BEFORE)
        yield watcher
        time.sleep(AFTER)
    finally:
        watcher.over = True
        for thread in watcher.threads:
            thread.join()


def watch(host: RolloutHost, plan: Plan, new: str) -> Watched:
    """Roll a release out and note what users saw of it."""
    release = host.create_release(new, plan.fault)
    host.configure(replicas=REPLICAS, canary=CANARY, timeout=60, smoke=not plan.fault)
    began = time.monotonic()
    with watching(host) as watcher:
        tool = host.start_tool(plan.strategy, release)
        output, _ = tool.communicate(timeout=200)
        ended = time.monotonic()
    assert bool(tool.returncode) == bool(plan.fault), output  # noqa: S101 - a picture of the truth
    times = sorted(seconds for _, seconds, _ in watcher.answers)
    buckets = range(int((watcher.answers[-1][0] - began) / BUCKET))
    old = Counter(int((it - began) / BUCKET) for it, _, name in watcher.answers if name != new)
    fresh = Counter(int((it - began) / BUCKET) for it, _, name in watcher.answers if name == new)
    bad = Counter(int((it - began) / BUCKET) for it in watcher.failures)
    return Watched(
        title=plan.title,
        requests=watcher.tally.total + len(watcher.answers),
        failed=watcher.tally.failed.total(),
        reasons=dict(watcher.tally.reasons),
        median_ms=round(1000 * times[len(times) // 2], 1),
        p99_ms=round(1000 * times[len(times) * 99 // 100], 1),
        began=BEFORE,
        ended=round(ended - began, 2),
        old=[old[it] for it in buckets],
        new=[fresh[it] for it in buckets],
        bad=[bad[it] for it in buckets],
    )


def measure() -> list[Watched]:
    """Set a host up, and watch every plan on it."""
    with tempfile.TemporaryDirectory() as folder:
        off = dict.fromkeys(("database", "cache", "outbound", "auth"), False)
        service = Carved.make(
            Path(folder) / "carved", **off, deployment="compose", _chassis_tests=True
        ).sync()
        (Path(folder) / "host").mkdir()
        host = RolloutHost(service, Path(folder) / "host")
        host.configure(replicas=REPLICAS, canary=CANARY, timeout=60)
        try:
            host.run_tool("rolling", host.create_release("r0"))
            return [watch(host, plan, f"r{number}") for number, plan in enumerate(PLANS, 1)]
        finally:
            host.clean_up()


def picture(runs: list[Watched]) -> str:
    """Put the panels one below the other, on one scale of time."""
    width, height = WIDTH + 2 * GAP, GAP + len(runs) * (HEIGHT + GAP) + 24
    longest = max(len(run.old) for run in runs) * BUCKET
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {STYLE}>',
        f'<rect width="{width}" height="{height}" fill="#f4f5f5"/>',
    ]
    for number, run in enumerate(runs):
        y = GAP + number * (HEIGHT + GAP)
        drawn += [f'<g transform="translate({GAP} {y})">', *panel(run, longest), "</g>"]
    x = GAP + LEFT
    for colour, text in ((OLD, "old release"), (NEW, "new release"), (BAD, "failed requests")):
        drawn.append(
            f'<rect x="{x}" y="{height - 24}" width="11" height="11" fill="{colour}"/>'
            f'<text x="{x + 16}" y="{height - 14}">{text}</text>'
        )
        x += 110
    drawn.append(
        f'<text x="{GAP + WIDTH - RIGHT}" y="{height - 14}" text-anchor="end">seconds; between the '
        "dashed lines the tool is at work</text>"
    )
    return "\n".join([*drawn, "</svg>", ""])


def panel(run: Watched, longest: float) -> list[str]:
    """Draw which release answered, and what failed."""
    floor, scale = HEIGHT - BOTTOM, (WIDTH - LEFT - RIGHT) / longest
    summary = (
        f"{run.requests:,} requests, {run.failed:,} failed; "
        f"median {run.median_ms:g} ms, 99 % within {run.p99_ms:g} ms"
    )
    drawn = [
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="4" fill="#fff" stroke="#d8d9da"/>',
        f'<text x="12" y="18" font-weight="600">{escape(run.title)}</text>',
        f'<text x="{WIDTH - RIGHT}" y="18" text-anchor="end">{summary}</text>',
        f'<text x="{LEFT - 5}" y="{TOP + 4}" text-anchor="end">100 %</text>',
        f'<text x="{LEFT - 5}" y="{floor}" text-anchor="end">0 %</text>',
    ]
    wide = BUCKET * scale
    for number, (old, new, bad) in enumerate(zip(run.old, run.new, run.bad, strict=True)):
        x, share = LEFT + number * wide, new / (old + new or 1)
        top = floor - share * (floor - TOP)
        bars = ((OLD, TOP, top), (NEW, top, floor)) if old + new else ()
        drawn += [
            f'<path d="M{x:.1f} {start:.1f}h{wide + 0.3:.1f}V{end:.1f}H{x:.1f}" fill="{colour}"/>'
            for colour, start, end in bars
            if end > start
        ]
        if bad:
            drawn.append(
                f'<rect x="{x:.1f}" y="{TOP - 14}" width="{wide:.1f}" height="11" fill="{BAD}"/>'
            )
    for when in (run.began, run.ended):
        x = LEFT + when * scale
        drawn.append(
            f'<path d="M{x:.1f} {TOP - 16}V{floor}" stroke="#24292f" stroke-dasharray="4 3"/>'
        )
    for second in range(0, int(len(run.old) * BUCKET) + 1, 5):
        x = LEFT + second * scale
        drawn.append(f'<text x="{x:.1f}" y="{HEIGHT - 8}" text-anchor="middle">{second}</text>')
    return drawn


def darken(drawn: str) -> str:
    """Return the picture for dark pages."""
    for light, dark in DARK.items():
        drawn = drawn.replace(f'"{light}"', f'"{dark}"')
    return drawn


def main(arguments: list[str]) -> None:
    """Measure, then draw; with --draw only draw."""
    if "--draw" not in arguments:
        runs = [asdict(run) for run in measure()]
        NOTES.write_text("\n".join(["[", ",\n".join(map(json.dumps, runs)), "]", ""]), "utf-8")
    noted = [Watched(**run) for run in json.loads(NOTES.read_text("utf-8"))]
    OUTPUT.write_text(picture(noted), "utf-8")
    DARK_OUTPUT.write_text(darken(picture(noted)), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
