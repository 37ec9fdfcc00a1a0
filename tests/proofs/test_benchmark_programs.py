"""The benchmark's programs run in a carved service: they call what a change may have renamed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from tests.proofs.json_server import serve_json
from tests.proofs.servers import postgres, redis

if TYPE_CHECKING:
    from tests.proofs.carved import Carved

CALLS = Path(__file__).parents[2] / "benchmarks" / "calls.py"


def test_calls_to_a_database_a_cache_and_a_service_are_timed(everything: Carved) -> None:
    with postgres() as database, redis() as cache, serve_json(lambda _: "hello") as address:
        ended = everything.run(
            *(str(everything.python), str(CALLS), address, "1"),
            ENVIRONMENT="development",
            LOG_LEVEL="WARNING",
            PYTHONPATH=str(everything.path),
            DATABASE_URL=database.url,
            CACHE_URL=cache.url,
            OUTBOUND_QUOTES_BASE_URL=address,
            METRICS_PORT="0",
        )
    figures = json.loads(ended.stdout.splitlines()[-1])
    assert figures.keys() == {"a row", "a cached value", "a call"}
    assert all(seconds > 0 for calls in figures.values() for [[seconds, _]] in calls.values())
