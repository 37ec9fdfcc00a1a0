"""Logs for some seconds, as fast as it can, and notes what became of the lines.

Run in the environment of a carved service: `python lines.py SECONDS FILE`.
"""
# mypy: ignore-errors
# The template's environment has neither the service nor its libraries.

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

import structlog
from app.main import ENVIRONMENTS, compose
from chassis.environment import load

log = structlog.get_logger("orders")
TURN = 10
"""Lines that one turn of the event loop logs."""


async def log_for(seconds: float) -> dict[str, float]:
    """Log as the code of a service does; a line is what a handler would say."""
    service = compose(load(ENVIRONMENTS))
    dropped = service.counters["log_lines_dropped_total"]
    logged, held = 0, None
    began = time.monotonic()
    spent = time.thread_time()
    while time.monotonic() < began + seconds:
        for _ in range(TURN):
            log.info("an order was placed", order_id=logged, items=3, total="12.50")
            logged += 1
        if held is None and dropped():
            held = logged - dropped()
        await asyncio.sleep(0)
    return {
        "logged": logged,
        "seconds": time.monotonic() - began,
        "cpu": time.thread_time() - spent,
        "dropped": dropped(),
        "held": held,
    }


def main(seconds: str, file: str) -> None:
    """Log, and note it."""
    figures = asyncio.run(log_for(float(seconds)))
    Path(file).write_text(json.dumps(figures), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
