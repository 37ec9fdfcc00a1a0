"""Responses that break off or never come to an end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chassis.testing.dependency import Fault


def trickle(pause: float, pieces: int = 1000) -> Fault:
    """The head at once, the body byte by byte."""

    async def act(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 -\r\ncontent-length: {pieces}\r\n\r\n".encode())
        for _ in range(pieces):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(pause)

    return act


async def truncate(writer: asyncio.StreamWriter) -> None:
    """Half a response."""
    writer.write(b"HTTP/1.1 200 -\r\ncontent-length: 100\r\n\r\nhalf")
    await writer.drain()
    raise ConnectionResetError
