"""What the OpenAPI document says of every operation's errors."""

from __future__ import annotations

from typing import Any

PLACE = {"type": "string", "description": "Part of the request: body, query, path, header, cookie."}
POINTER = {"type": "string", "description": "JSON pointer to the value in that part."}

ERROR = {
    "type": "object",
    "required": ["location", "pointer", "detail", "type"],
    "properties": {
        "location": PLACE,
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
            "description": "Kind of problem; about:blank if the status says it all.",
        },
        "title": {"type": "string", "description": "The kind in words, the same each time."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "What is the matter this time."},
        "instance": {"type": "string", "format": "uri", "description": "Names this occurrence."},
        "request_id": {"type": "string", "description": "Name it when you ask for help."},
        "errors": {"type": "array", "items": ERROR, "description": "What validation found."},
    },
}

RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "A problem",
        "content": {"application/problem+json": {"schema": PROBLEM}},
    }
}
