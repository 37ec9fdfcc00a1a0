import asyncio

import uvicorn
from starlette.applications import Starlette
from uvicorn.server import ServerState

from chassis.server import Server
from chassis.server.connection import Connection
from chassis.server.forwarded import ForwardedHeaders
from chassis.server.tests.test_transport import Wire

UPGRADE = (
    b"GET /live HTTP/1.1\r\n"
    b"host: example.com\r\n"
    b"connection: Upgrade\r\n"
    b"upgrade: websocket\r\n"
    b"sec-websocket-version: 13\r\n"
    b"\r\n"
)


class Library(asyncio.Protocol):
    """Stands where a library for WebSockets would, were one installed."""

    heard = b""

    def __init__(self, **uvicorns: object) -> None:
        """Take what uvicorn gives."""

    def data_received(self, data: bytes) -> None:
        Library.heard += data


async def test_an_upgrade_reaches_the_library_for_web_sockets() -> None:
    config = uvicorn.Config(Starlette(), ws=Library, log_config=None)
    config.load()
    state = ServerState()
    connection = Connection(
        limits=Server(),
        forwarded=ForwardedHeaders(()),
        config=config,
        server_state=state,
        app_state={},
    )
    wire = Wire()
    connection.connection_made(wire)
    connection.data_received(UPGRADE)
    assert Library.heard == UPGRADE
    assert isinstance(wire.protocol, Library)
    assert not wire.written
