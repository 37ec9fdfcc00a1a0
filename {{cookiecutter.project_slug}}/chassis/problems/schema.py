"""OpenAPI schema of problems, which every operation may return."""

from __future__ import annotations

from typing import Any

LOCATION = {
    "type": "string",
    "description": "Part of the request: body, query, path, header, cookie.",
}
POINTER = {"type": "string", "description": "JSON pointer to the value in that part."}

ERROR = {
    "type": "object",
    "required": ["location", "pointer", "detail", "type"],
    "properties": {
        "location": LOCATION,
        "pointer": POINTER,
        "detail": {"type": "string"},
        "type": {"type": "string"},
    },
}

PROBLEM = {
    "title": "Problem",
    "description": "RFC 9457 problem details; a kind of problem may add members of its own.",
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {
            "type": "string",
            "format": "uri-reference",
            "description": "Kind of problem; about:blank if there is none beside the status.",
        },
        "title": {"type": "string", "description": "Constant summary of the kind."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "Explanation of this occurrence."},
        "instance": {
            "type": "string",
            "format": "uri",
            "description": "Identifies this occurrence.",
        },
        "request_id": {"type": "string", "description": "Quote it when you ask for help."},
        "errors": {"type": "array", "items": ERROR, "description": "Validation errors."},
    },
}

RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "A problem",
        "content": {"application/problem+json": {"schema": PROBLEM}},
    }
}
