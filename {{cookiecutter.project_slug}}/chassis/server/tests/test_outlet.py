import asyncio

import pytest

from chassis.server.outlet import LONG, Outlet

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"


class Wire(asyncio.Transport):
    """Takes what is written."""

    def __init__(self) -> None:
        super().__init__({"peername": ("203.0.113.7", 50000)})
        self.written: list[bytes | None] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def close(self) -> None:
        self.written.append(None)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def is_closing(self) -> bool:
        return None in self.written


async def made() -> tuple[Wire, Outlet]:
    wire = Wire()
    return wire, Outlet(wire, asyncio.get_running_loop())


async def test_head_and_body_are_one_write() -> None:
    wire, outlet = await made()
    for _ in range(2):
        outlet.write(HEAD)
        outlet.write(b"{}")
    await asyncio.sleep(0)
    assert wire.written == [HEAD + b"{}"] * 2


@pytest.mark.parametrize("body", [b"", b"0\r\n\r\n"])
async def test_whatever_follows_a_head_lets_it_go(body: bytes) -> None:
    wire, outlet = await made()
    outlet.write(HEAD)
    outlet.write(body)
    assert wire.written == [HEAD + body]


async def test_a_head_that_nothing_follows_leaves_with_the_turn() -> None:
    wire, outlet = await made()
    outlet.write(HEAD)
    assert not wire.written
    await asyncio.sleep(0)
    assert wire.written == [HEAD]
    outlet.write(b"later")
    assert wire.written == [HEAD, b"later"]


async def test_a_body_may_be_a_view_of_memory() -> None:
    wire, outlet = await made()
    outlet.write(HEAD)
    for chunk in b"{", b"}":
        outlet.write(memoryview(chunk))
    assert wire.written == [HEAD + b"{", b"}"]


async def test_a_long_body_is_not_copied() -> None:
    wire, outlet = await made()
    outlet.write(HEAD)
    outlet.write(b"a" * LONG)
    assert wire.written == [HEAD, b"a" * LONG]


async def test_a_head_leaves_before_the_connection_closes() -> None:
    wire, outlet = await made()
    outlet.write(HEAD)
    outlet.close()
    await asyncio.sleep(0)
    assert wire.written == [HEAD, None]
    assert outlet.is_closing()


async def test_the_rest_is_the_transports() -> None:
    _, outlet = await made()
    assert outlet.get_extra_info("peername") == ("203.0.113.7", 50000)
