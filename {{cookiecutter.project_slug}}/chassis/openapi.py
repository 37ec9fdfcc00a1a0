"""Completes FastAPI's OpenAPI document, so that clients can be generated from it."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from chassis.route_names import route_contexts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.routing import BaseRoute

__all__ = ["with_headers"]

HEADERS = {
    "ETag": "Version of the resource, to send in If-Match.",
    "Location": "Path of the resource that was created.",
}


def with_headers(*names: str) -> dict[str, Any]:
    """Document headers of a response.

    `responses={201: with_headers("ETag", "Location")}` of a route says that it has both.
    """
    text = {"required": True, "schema": {"type": "string"}}
    return {"headers": {it: {"description": HEADERS.get(it, it), **text} for it in names}}


def complete_document(
    document: dict[str, Any], routes: Sequence[BaseRoute], schemas: Mapping[str, Any]
) -> None:
    """Add shared schemas, and name each operation as its function, `read_note`.

    Where functions share a name, the method is appended, and the path if that is not enough.
    """
    document.setdefault("components", {}).setdefault("schemas", {}).update(schemas)
    unnamed = (it for it in route_contexts(routes) if getattr(it, "operation_id", "") is None)
    names = {it.unique_id: it.name for it in unnamed}
    operations = [
        (operation, method, re.sub(r"\W+", "_", path).strip("_"))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    for operation, *_ in operations:
        operation["operationId"] = names.get(operation["operationId"], operation["operationId"])
    for suffix in (1, 2):
        known = Counter(it[0]["operationId"] for it in operations)
        for it in operations:
            if known[it[0]["operationId"]] > 1:
                it[0]["operationId"] += f"_{it[suffix]}"
