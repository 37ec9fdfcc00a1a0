"""OpenAPI schema of problems, which every operation may return."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class Members(BaseModel):
    """Problem details (RFC 9457); a problem type may have further members."""

    model_config = ConfigDict(title="Problem", extra="allow", use_attribute_docstrings=True)

    type: str
    """URI of the problem type, which serves an explanation; about:blank if there is none."""
    title: str
    """Constant summary of the type."""
    status: int
    detail: str = ""
    """Explanation of this occurrence."""
    instance: str = ""
    """Identifies this occurrence."""
    request_id: str = ""
    """Quote it when you ask for help."""
    errors: list[dict[str, str]] = []
    """Validation errors: location (body, query, …), JSON pointer into it, detail and type."""


SCHEMAS = {"Problem": Members.model_json_schema()}
RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "A problem",
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    }
}
