"""Limits request bodies, and requires that JSON is valid."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from pydantic_core import from_json, to_json

from chassis.problems import Problem

if TYPE_CHECKING:
    from starlette.types import Message, Receive

JSON_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
"""The strings of a JSON text, also an unterminated one, so that no text takes quadratic time."""


def body_too_large(limit: int) -> Problem:
    """Return the problem of a body over `limit` bytes."""
    return Problem(413, f"The body may have at most {limit} bytes.")


def limit_body(receive: Receive, limit: int) -> Receive:
    """Wrap `receive`: reading past `limit` bytes of a body raises `Problem` 413."""
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise body_too_large(limit)
        return message

    return counted


async def require_json(receive: Receive, limit: int) -> Receive:
    """Read a whole body; return a `receive` that replays it as one message.

    Raises `Problem` 400 if it is not JSON, and 413 if it may have more than `limit` values:
    validation creates an error for each invalid one before it can respond.
    """
    chunks: list[bytes] = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return receive  # reports the disconnect again
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    body = b"".join(chunks)
    if body.count(b",") >= limit and JSON_STRINGS.sub(b"", body).count(b",") >= limit:
        raise Problem(413, f"The body may have at most {limit} values.")
    raise_if_invalid_json(body)
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return pending.pop() if pending else await receive()

    return replay


def raise_if_invalid_json(body: bytes) -> None:
    """Raise `Problem` 400 for what RFC 8259 does not allow but Python's `json` does.

    That is NaN, Infinity, lone surrogates and encodings other than UTF-8. Numbers too large for a
    float and more than 200 levels are rejected as well. An empty body is left to the route.
    """
    if not body:
        return
    try:
        value = from_json(body, allow_inf_nan=False)
        # 1e999 was parsed as infinity; encoding finds it faster than a search of the value.
        if b"Infinity" in to_json(value, inf_nan_mode="constants"):
            json.dumps(value, allow_nan=False)
    except ValueError as error:
        raise Problem(400, f"The body is not valid JSON: {error}.") from error
