"""A request's body on its way in: never more than is allowed, and JSON only if it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pydantic_core import from_json, to_json

from chassis.problems import Problem

if TYPE_CHECKING:
    from starlette.types import Message, Receive


def too_large(limit: int) -> Problem:
    """Make the problem of a body over `limit` bytes."""
    return Problem(413, f"The body may have {limit} bytes at most.")


def limited(receive: Receive, limit: int) -> Receive:
    """Count the bytes of a body as it comes; past `limit`, whoever reads it gets `Problem` 413."""
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise too_large(limit)
        return message

    return counted


async def json_only(receive: Receive, most: int) -> Receive:
    """Read a whole body, to be received again in one piece.

    Raises `Problem` 400 if it is not JSON, and 413 if it may hold more than `most` values: a list
    of wrong ones becomes an error each before anything can be answered.
    """
    chunks: list[bytes] = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return receive  # which will say so again
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    body = b"".join(chunks)
    if body.count(b",") >= most:
        raise Problem(413, f"The body may hold {most} values at most.")
    refuse_unless_json(body)
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return pending.pop() if pending else await receive()

    return replay


def refuse_unless_json(body: bytes) -> None:
    """Raise `Problem` 400 for what RFC 8259 does not allow but Python's `json` does.

    That is NaN, Infinity, lone surrogates and encodings other than UTF-8; and, for what they do
    to others, numbers beyond a float and more than 200 levels. An empty body is left to the route.
    """
    if not body:
        return
    try:
        value = from_json(body, allow_inf_nan=False)
        # 1e999 has been read as infinite. Writing it out shows that faster than looking for it.
        if b"Infinity" in to_json(value, inf_nan_mode="constants"):
            json.dumps(value, allow_nan=False)
    except ValueError as error:
        raise Problem(400, f"The body is not valid JSON: {error}.") from error
