"""Drives a server's protocol in this process, without sockets: `driver.py WHICH COUNT`.

Run in the environment of a carved service, under a tool that counts instructions. Everything from
the bytes of a request to the bytes of its answer is part of it, uvicorn's parser included, and
nothing that the kernel, the network or the clock decides.
"""
# mypy: ignore-errors
# The template's environment has neither the service nor its libraries.

from __future__ import annotations

import asyncio
import sys
from importlib import import_module

import uvicorn


class Wire(asyncio.Transport):
    """A connection that takes what is written and tells when an answer is whole."""

    def __init__(self) -> None:
        """Come from somewhere, go somewhere."""
        super().__init__({"peername": ("127.0.0.1", 50000), "sockname": ("127.0.0.1", 8000)})
        self.taken = bytearray()

    def write(self, data: bytes) -> None:
        """Take what the server sends."""
        self.taken += data

    def answered(self) -> bool:
        """Whether a whole answer has been written; takes it off the wire."""
        head, found, body = self.taken.partition(b"\r\n\r\n")
        if not found or len(body) < int(head.partition(b"content-length: ")[2].split(b"\r\n")[0]):
            return False
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(head.decode())
        self.taken.clear()
        return True

    def is_closing(self) -> bool:
        """Say that it stays open."""
        return False

    def close(self) -> None:
        """Tell that the server should not have."""
        raise SystemExit("the server has closed the connection")

    def pause_reading(self) -> None:
        """Go on: nothing is sent before the answer."""

    def resume_reading(self) -> None:
        """Go on."""


def carved() -> uvicorn.Server:
    """Make the server of the carved service that this runs in."""
    from app.main import ENVIRONMENTS, compose  # noqa: PLC0415 - the same
    from chassis.environment import load  # noqa: PLC0415 - bare stacks are driven without it
    from chassis.server.draining_server import DrainingServer  # noqa: PLC0415 - the same

    settings = load(ENVIRONMENTS)
    return DrainingServer(settings.server, compose(settings))


def bare(stack: str) -> uvicorn.Server:
    """Make the server of a stack, as `uvicorn --no-access-log` does."""
    app = import_module(f"stacks.{stack}").app
    return uvicorn.Server(uvicorn.Config(app, access_log=False))


async def drive(server: uvicorn.Server, asked: list[bytes], count: int) -> None:
    """Ask in turn over one connection, each time when the answer before is whole."""
    config = server.config
    if not config.loaded:
        config.load()
    lifespan = config.lifespan_class(config)
    await lifespan.startup()
    protocol = config.http_protocol_class(
        config=config, server_state=server.server_state, app_state=lifespan.state
    )
    wire = Wire()
    protocol.connection_made(wire)
    for number in range(count):
        protocol.data_received(asked[number % len(asked)])
        while not wire.answered():  # noqa: ASYNC110 - each turn of the loop is counted
            await asyncio.sleep(0)
    await lifespan.shutdown()


def main(which: str, count: str) -> None:
    """Drive; the requests, whole, come from standard input, with a zero byte between them."""
    asked = sys.stdin.buffer.read().split(b"\0")
    server = carved() if which == "service" else bare(which)
    config = server.config
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(drive(server, asked, int(count)))


if __name__ == "__main__":
    main(*sys.argv[1:])
