"""Shows what runs, and what has been rolled out."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from chassis.rollout.history import Illegible
from chassis.rollout.scrapes import scrape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chassis.rollout.counts import Counts
    from chassis.rollout.drivers import Vitals
    from chassis.rollout.fleet import Instance
    from chassis.rollout.history import History
    from chassis.rollout.host import Host
    from chassis.rollout.rollout import Rollout

SECONDS = 1.0
"""Seconds over which rates are taken."""
MEBI = 2**20


@dataclass(frozen=True)
class Row:
    """One instance."""

    name: str
    colour: str
    revision: str
    image: str
    health: str
    share: float
    """Percent of the traffic."""
    requests_per_second: float | None
    error_ratio: float | None
    cpu_percent: float
    memory_mebibytes: float


@dataclass(frozen=True)
class Look:
    """An instance at one moment."""

    at: float
    vitals: Vitals
    counts: Counts | None


def rows(host: Host) -> list[Row]:
    """Look at every instance twice, a second apart."""
    fleet = host.history.fleet()
    first = [_look(host, instance) for instance in fleet.instances]
    sleep(SECONDS if fleet.instances else 0)
    seen = []
    for instance, before in zip(fleet.instances, first, strict=True):
        now = _look(host, instance)
        seconds = now.at - before.at
        answered = now.counts - before.counts if now.counts and before.counts else None
        seen.append(
            Row(
                instance.name,
                instance.colour,
                instance.release.revision,
                instance.release.image,
                _health(host, instance, now.vitals),
                round(fleet.traffic.share_of(instance.name), 2),
                round(answered.requests / seconds, 1) if answered else None,
                round(answered.error_ratio(1), 4) if answered else None,
                round(100 * (now.vitals.cpu_seconds - before.vitals.cpu_seconds) / seconds, 1),
                round(now.vitals.memory / MEBI, 1),
            )
        )
    return seen


def table(seen: Sequence[Row]) -> str:
    """Write the rows for people."""
    heads: tuple[str, ...] = (
        "instance",
        "revision",
        "health",
        "share %",
        "req/s",
        "errors",
        "CPU %",
        "MiB",
    )
    lines = [heads]
    for row in seen:
        figures = (
            row.share,
            row.requests_per_second,
            row.error_ratio,
            row.cpu_percent,
            row.memory_mebibytes,
        )
        shown = ("-" if figure is None else f"{figure:g}" for figure in figures)
        lines.append((row.name, row.revision, row.health, *shown))
    return _aligned(lines) if seen else "nothing has been rolled out yet"


def told(history: History) -> tuple[list[dict[str, Any]], str]:
    """Tell the rollouts there were, the newest last; as data, and for people."""
    entries: list[dict[str, Any]] = []
    lines: list[tuple[str, ...]] = [
        ("no.", "begun", "strategy", "revision", "digest", "operator", "result", "reason")
    ]
    for rollout in history.all():
        if isinstance(rollout, Illegible):
            entries.append({"illegible": str(rollout.path), "reason": rollout.reason})
            lines.append((rollout.path.stem, "-", "-", "-", "-", "-", "illegible", rollout.reason))
            continue
        entry = _entry(rollout)
        entries.append(entry)
        shown = (entry["revision"], entry["digest"][:19], entry["operator"], entry["result"])
        head = (str(entry["number"]), entry["begun"][:19], entry["strategy"])
        lines.append((*head, *shown, entry["reason"][:120]))
    return entries, _aligned(lines) if entries else "nothing has been rolled out yet"


def _entry(rollout: Rollout) -> dict[str, Any]:
    begun, ended, release = rollout.begun, rollout.ended, rollout.release
    torn = "its last line is torn: that step may have been written, or not"
    return {
        "number": begun.number,
        "begun": begun.at,
        "ended": ended.at if ended else None,
        "strategy": begun.strategy,
        "image": begun.image,
        "digest": release.digest if release else "-",
        "revision": release.revision if release else "-",
        "operator": begun.operator,
        "host": begun.host,
        "command": begun.command,
        "result": ended.result if ended else "halfway",
        "reason": ended.reason if ended else torn if rollout.journal.torn else "",
        "gates": [asdict(reading) for reading in rollout.gates],
    }


def _look(host: Host, instance: Instance) -> Look:
    counts = None
    if host.configuration.gates.counts:
        with suppress(OSError):
            counts = scrape(instance, host.driver, host.configuration.gates)
    return Look(monotonic(), host.driver.vitals(instance), counts)


def _health(host: Host, instance: Instance, vitals: Vitals) -> str:
    if not vitals.alive:
        return "dead"
    try:
        status = host.driver.ask(instance, host.configuration.ready.path).status
    except OSError:
        return "silent"
    return "ready" if status == 200 else "unready"  # noqa: PLR2004 - OK


def _aligned(lines: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = (
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
    return "\n".join(padded)
