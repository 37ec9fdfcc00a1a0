"""Lists the rollouts of this host, for `history`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from chassis.rollout.history import DamagedRollout
from chassis.rollout.status import align_columns

if TYPE_CHECKING:
    from chassis.rollout.history import History
    from chassis.rollout.rollout import Rollout

HEADS = ("no.", "begun", "strategy", "revision", "digest", "operator", "result", "reason")


def list_rollouts(history: History) -> tuple[list[dict[str, Any]], str]:
    """List the rollouts, the oldest first, as data and as a table."""
    entries: list[dict[str, Any]] = []
    lines: list[tuple[str, ...]] = [HEADS]
    for rollout in history.all():
        if isinstance(rollout, DamagedRollout):
            entries.append({"damaged": str(rollout.path), "reason": rollout.reason})
            lines.append((rollout.path.stem, *"-----", "damaged", _shorten(rollout.reason)))
            continue
        entry = _to_entry(rollout)
        entries.append(entry)
        shown = (entry["revision"], entry["digest"][:19], entry["operator"], entry["result"])
        head = (str(entry["number"]), entry["begun"][:19], entry["strategy"])
        lines.append((*head, *shown, _shorten(entry["reason"])))
    return entries, align_columns(lines) if entries else "nothing has been rolled out yet"


def _to_entry(rollout: Rollout) -> dict[str, Any]:
    begun, ended, release = rollout.begun, rollout.ended, rollout.release
    torn = "the last line of its journal is torn: that step is repeated"
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
        "result": ended.result if ended else "unfinished",
        "reason": ended.reason if ended else torn if rollout.journal.torn else "",
        "gates": [asdict(reading) for reading in rollout.readings],
    }


def _shorten(reason: str) -> str:
    return " ".join(reason.split())[:120]
