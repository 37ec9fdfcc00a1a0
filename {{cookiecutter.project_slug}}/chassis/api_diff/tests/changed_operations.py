"""Changes of an operation as a whole: what each is called, before, after, and what is said."""

from __future__ import annotations

from typing import Any

from chassis.api_diff.tests.describing import api

BEARER: list[dict[str, Any]] = [{"bearer": []}]
CHANGES: list[tuple[Any, ...]] = [
    ("a token is needed", api(), api(security=BEARER), "BREAKING: security: needs http bearer"),
    ("no token is needed", api(security=BEARER), api(), "ok: security: admits more than before"),
    (
        "a scope is needed",
        api(security=BEARER),
        api(security=[{"bearer": ["orders:write"]}]),
        "BREAKING: security: needs http bearer and http bearer with the scope orders:write",
    ),
    ("it is deprecated", api(), api(deprecated=True), "ok: is deprecated"),
    (
        "generated clients have another name for it",
        api(),
        api(operationId="add_order"),
        'ok: operationId is "add_order" instead of "create_order": generated clients rename it',
    ),
]
