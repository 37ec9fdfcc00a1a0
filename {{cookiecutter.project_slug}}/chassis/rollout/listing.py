"""Lists the rollouts of this host, and tells how far the last one is."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from chassis.rollout.history import DamagedRollout
from chassis.rollout.lock import find_holder
from chassis.rollout.status import align_columns
from chassis.rollout.steps import describe

if TYPE_CHECKING:
    from chassis.rollout.host import Host
    from chassis.rollout.rollout import Rollout

HEADS = ("no.", "begun", "strategy", "image", "revision", "operator", "result", "reason")


def describe_state(host: Host, rollout: Rollout) -> tuple[str, str]:
    """Tell how far a rollout is; and why it ended so, at which step it is, or how to go on."""
    if rollout.ended:
        return rollout.ended.result, rollout.ended.reason
    if holder := find_holder(host.lock):
        steps = rollout.plan.steps[rollout.next :]
        step = describe(steps[0], rollout.fleet) if steps else "plan the next steps"
        number = f"{rollout.next + 1}/{len(rollout.plan.steps)}"
        return "in progress", f"step {number}, {step}; by {holder}"
    torn = "the last line of its journal is torn, that step is repeated; "
    return "unfinished", f"{torn if rollout.journal.torn else ''}run resume or rollback"


def list_rollouts(host: Host) -> tuple[list[dict[str, Any]], str]:
    """List the rollouts, the oldest first, as data and as a table."""
    entries: list[dict[str, Any]] = []
    lines: list[tuple[str, ...]] = [HEADS]
    for rollout in host.history.all():
        if isinstance(rollout, DamagedRollout):
            entries.append({"damaged": str(rollout.path), "reason": rollout.reason})
            lines.append((rollout.path.stem, *"-----", "damaged", _shorten(rollout.reason)))
            continue
        entry = _to_entry(host, rollout)
        entries.append(entry)
        head = (str(entry["number"]), entry["begun"][:19], entry["strategy"])
        shown = (entry["image"].partition("@")[0], *(str(entry[it]) for it in HEADS[4:7]))
        lines.append((*head, *shown, _shorten(entry["reason"])))
    return entries, align_columns(lines) if entries else "nothing has been rolled out yet"


def _to_entry(host: Host, rollout: Rollout) -> dict[str, Any]:
    begun, ended, release = rollout.begun, rollout.ended, rollout.release
    result, reason = describe_state(host, rollout)
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
        "result": result,
        "reason": reason,
        "gates": [asdict(reading) for reading in rollout.readings],
    }


def _shorten(reason: str) -> str:
    return " ".join(reason.split())[:200]
