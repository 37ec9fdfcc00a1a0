"""Keeps what a failed release logged, because its instances and their logs are removed."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

from chassis.rollout.errors import StepError

if TYPE_CHECKING:
    from chassis.rollout.docker.containers import Containers
    from chassis.rollout.rollout import Rollout

READ_LINES = 10_000
KEPT_LINES = 200
"""Of each instance."""
CHARACTERS = 1_000_000
SHOWN_CHARACTERS = 300


def keep_log(rollout: Rollout, containers: Containers) -> str:
    """Write the last warnings and errors of new instances beside the journal, for its owner only.

    Return where they are and the most frequent error, as lines that begin with a line break.
    """
    kept = []
    for instance in rollout.fleet.instances:
        if instance not in rollout.begun.fleet.instances:
            with suppress(StepError, OSError):
                lines = containers.read_log(instance, READ_LINES).splitlines()
                chosen = [it for it in lines if _parse(it).get("level") not in {"debug", "info"}]
                kept += chosen[-KEPT_LINES:]
    text = "\n".join(kept)[-CHARACTERS:]
    if not text.strip():
        return ""
    path = rollout.journal.path.with_suffix(".log")
    try:
        path.touch(mode=0o600)
        path.write_text(f"{text}\n", encoding="utf-8", errors="replace")
    except OSError as error:
        return f"\nIts log cannot be kept: {error}"
    return f"{_describe_errors(kept)}\nIts warnings and errors: {path}"


def _describe_errors(lines: list[str]) -> str:
    """Name the most frequent exception and its request; without exceptions, the request."""
    errors = [it for it in map(_parse, lines) if it.get("level") in {"error", "critical"}]
    ended = [it for it in errors if "http.response.status_code" in it]
    requests = {it.get("request_id"): f", {it.get('message')}" for it in ended}
    causes = Counter(
        f"{it['exception.type']}: {it.get('exception.message')}"[:SHOWN_CHARACTERS]
        + requests.get(it.get("request_id"), "")
        for it in errors
        if "exception.type" in it
    ) or Counter(it.get("message", "")[:SHOWN_CHARACTERS] for it in ended or errors)
    return "".join(f"\nMost frequent error ({n} times): {it}" for it, n in causes.most_common(1))


def _parse(line: str) -> dict[str, str]:
    """Return the fields of a line, printable; of one that is no JSON, such as a traceback, none."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    fields = entry.items() if isinstance(entry, dict) else ()
    return {name: "".join(it if it.isprintable() else " " for it in str(of)) for name, of in fields}
