"""What `python -m app jobs` does: lists, shows, retries and cancels jobs."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from chassis.database.engines import create_probe_engine
from chassis.jobs.statements import CANCEL, CANCEL_HELD, HELD, INSERTED, NOTIFY, RETRY, SHOW

if TYPE_CHECKING:
    import argparse

    from sqlalchemy import Row, RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

    from chassis.database import Database


async def run_action(settings: Database, name: str, given: argparse.Namespace) -> int:
    """Run the action in a transaction."""
    engine = create_probe_engine(settings, name)
    try:
        async with engine.begin() as connection:
            match given.action:
                case "failed":
                    found = await connection.execute(HELD, {"limit": given.limit})
                    return say(*map(summarize, found)) or 0
                case "show":
                    found = await connection.execute(SHOW, {"id": given.id})
                    row = found.mappings().one_or_none()
                    return say(json.dumps(details(row), indent=2)) if row else missing(given.id)
                case "retry":
                    return await retry(connection, given.id)
                case _:
                    return await cancel(connection, given.id)
    finally:
        await engine.dispose()


async def retry(connection: AsyncConnection, given: str) -> int:
    """Let held jobs run again."""
    number = None if given == "all" else int(given)
    found = list(await connection.scalars(RETRY, {"id": number}))
    if not found:
        return missing(given, "held job")
    await connection.execute(NOTIFY, {"payload": INSERTED})
    return say(*(f"job {it} runs again" for it in found))


async def cancel(connection: AsyncConnection, number: int) -> int:
    """Cancel a job."""
    found = await connection.scalar(CANCEL_HELD, {"id": number})
    found = found or await connection.scalar(CANCEL, {"id": number})
    return say(f"job {number} is cancelled") if found else missing(number, "job that can be")


def summarize(row: Row[Any]) -> str:
    """Describe a job in one line."""
    return f"{row.id}  {row.name}  queue {row.queue}  tries {row.attempts}  {row.changed_at:%FT%TZ}"


def details(row: RowMapping) -> dict[str, Any]:
    """Return everything that is stored of a job."""
    args = row["args"] if isinstance(row["args"], dict) else json.loads(row["args"])
    times = {name: it and it.isoformat() for name, it in row.items() if name.endswith("_at")}
    return {**row, **times, "args": args}


def missing(given: object, what: str = "job") -> int:
    """Say that there is no such job."""
    print(f"there is no {what} {given}", file=sys.stderr)  # noqa: T201 - its job
    return 1


def say(*lines: str) -> int:
    """Print lines; return the exit code of success."""
    for line in lines:
        print(line)  # noqa: T201 - its job
    return 0
