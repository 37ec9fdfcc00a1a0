"""Shows the running instances: health, share of the traffic, requests, errors, CPU, memory."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from time import monotonic, sleep
from typing import TYPE_CHECKING

from chassis.rollout.http_client import OK
from chassis.rollout.scraper import scrape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chassis.rollout.counts import Counts
    from chassis.rollout.docker.state import InstanceState
    from chassis.rollout.fleet import Instance
    from chassis.rollout.host import Host

SECONDS = 1.0
"""Seconds over which rates are computed."""
MEBI = 2**20
FIGURES = ("share %", "req/s", "errors %", "CPU %", "MiB")
HEADS = ("instance", "revision", "health", *FIGURES, "container")


@dataclass(frozen=True)
class InstanceStatus:
    """One row of `status`."""

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
    container: str
    """Name of its container."""


def collect_status(host: Host) -> list[InstanceStatus]:
    """Sample every instance twice, a second apart."""
    fleet = host.history.expected_fleet()
    first = [_sample(host, instance) for instance in fleet.instances]
    sleep(SECONDS if fleet.instances else 0)
    rows = []
    for instance, (began, used, counts) in zip(fleet.instances, first, strict=True):
        now, state, new_counts = _sample(host, instance)
        seconds = now - began
        counted = new_counts - counts if new_counts and counts else None
        rows.append(
            InstanceStatus(
                instance.name,
                instance.colour,
                instance.release.revision,
                instance.release.image,
                read_health(host, instance, state),
                round(fleet.traffic.share_of(instance.name), 2),
                round(counted.requests / seconds, 1) if counted else None,
                round(counted.error_ratio(1), 4) if counted else None,
                round(100 * (state.cpu_seconds - used.cpu_seconds) / seconds, 1),
                round(state.memory / MEBI, 1),
                host.containers.name_container(instance),
            )
        )
    return rows


def format_status(rows: Sequence[InstanceStatus]) -> str:
    """Format the rows as a table."""
    lines: list[tuple[str, ...]] = [HEADS]
    for row in rows:
        figures = (
            row.share,
            row.requests_per_second,
            None if row.error_ratio is None else 100 * row.error_ratio,
            row.cpu_percent,
            row.memory_mebibytes,
        )
        shown = ("-" if figure is None else f"{figure:g}" for figure in figures)
        lines.append((row.name, row.revision, row.health, *shown, row.container))
    return align_columns(lines) if rows else "nothing has been rolled out yet"


def align_columns(lines: Sequence[Sequence[str]]) -> str:
    """Pad the cells of each column to the same width."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = (
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
    return "\n".join(padded)


def _sample(host: Host, instance: Instance) -> tuple[float, InstanceState, Counts | None]:
    counts = None
    if host.configuration.gates.counts:
        with suppress(OSError):
            counts = scrape(instance, host.containers, host.configuration.gates)
    return monotonic(), host.containers.inspect(instance), counts


def read_health(host: Host, instance: Instance, state: InstanceState) -> str:
    """Return dead, unreachable, not ready, or ready."""
    if not state.alive:
        return "dead"
    try:
        status = host.containers.get(instance, host.configuration.ready.path).status
    except OSError:
        return "unreachable"
    return "ready" if status == OK else "not ready"
