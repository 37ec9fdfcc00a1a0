"""OpenAPI documents of one operation, `POST /orders`, as short as can be."""

from __future__ import annotations

from typing import Any

JSON = "application/json"
BEARER = {"type": "http", "scheme": "bearer"}


def api(schemas: dict[str, Any] | None = None, **operation: Any) -> dict[str, Any]:
    """Describe it, with these schemas and whatever else the operation has."""
    operation = {"operationId": "create_order", "responses": {"200": {}}, **operation}
    return {
        "openapi": "3.1.0",
        "paths": {"/orders": {"post": operation}},
        "components": {"schemas": schemas or {}, "securitySchemes": {"bearer": BEARER}},
    }


def sends(schema: Any, schemas: dict[str, Any] | None = None, **body: Any) -> dict[str, Any]:
    content = {JSON: {"schema": schema}}
    return api(schemas, requestBody={"content": content, "required": True, **body})


def answer(schema: Any) -> dict[str, Any]:
    return {"content": {JSON: {"schema": schema}}}


def returns(schema: Any, schemas: dict[str, Any] | None = None) -> dict[str, Any]:
    return api(schemas, responses={"200": answer(schema)})


def takes(**parameter: Any) -> dict[str, Any]:
    given = {"name": "limit", "in": "query", "schema": {"type": "integer"}, **parameter}
    return api(parameters=[given])


def other(base: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {**base, **members}


def members(*required: str, further: bool = True, **properties: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "object", "properties": properties}
    found |= {"required": list(required)} if required else {}
    return found if further else {**found, "additionalProperties": False}


def reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
