"""What a request costs a service of thirty routes, beside bare FastAPI with the same routers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from benchmarks import carvings
from benchmarks.pairing import compare
from benchmarks.processes import Request

if TYPE_CHECKING:
    from benchmarks.bench import Bench

NAMES = ("customers", "products", "orders", "invoices", "shipments", "suppliers")
DRAFT = json.dumps({"name": "a pencil", "price": 2.5, "tags": ["b", "c"]})
ASKED = [
    request
    for name in NAMES
    for request in (
        Request(f"/{name}/7"),
        Request(f"/{name}?limit=5"),
        Request(f"/{name}", "POST", DRAFT),
        Request(f"/{name}/8"),
    )
]
"""Every router alike: two single things, a list, and one that is added."""


def measure(bench: Bench) -> dict[str, Any]:
    """Compare the carved service with bare FastAPI."""
    service = bench.carve("catalogue", *carvings.OFF, features=("catalogue",))
    bare = bench.peers.uvicorn("catalogue", "--no-access-log")
    rows = {}
    for name, title, program in (
        ("bare", "bare FastAPI, against itself", bare),
        (
            "flat",
            "bare FastAPI, flat routes, its telemetry off",
            bench.peers.uvicorn("catalogue_flat", "--no-access-log"),
        ),
        ("service", "**carved service**", carvings.program(service)),
        ("uvicorn", "`uvicorn main:app`", bench.peers.uvicorn("catalogue")),
    ):
        if bench.chosen(name):
            seen = compare(program, bare, bench.effort, ASKED)
            rows[name] = {"title": title, **seen.row()}
            bench.say(seen.line(name))
    return {
        "title": "A request of a service of thirty routes",
        "note": "Six included routers, response models, a dependency; two single things, a list and"
        " one that is added, in turn. Beside bare FastAPI without access log, with the very same"
        " routers included as its documentation does. Flat: each route added to the application"
        " itself, so that there is no router to look into; nothing of ours is in it either.",
        "rows": rows,
    }
