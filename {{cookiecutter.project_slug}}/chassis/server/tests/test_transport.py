import asyncio

import pytest

from chassis.server.transport import MAX_COPIED_BYTES, CoalescingTransport

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


async def made() -> tuple[Wire, CoalescingTransport]:
    wire = Wire()
    return wire, CoalescingTransport(wire, asyncio.get_running_loop())


async def test_head_and_body_are_one_write() -> None:
    wire, transport = await made()
    for _ in range(2):
        transport.write(HEAD)
        transport.write(b"{}")
    await asyncio.sleep(0)
    assert wire.written == [HEAD + b"{}"] * 2


@pytest.mark.parametrize("body", [b"", b"0\r\n\r\n"])
async def test_whatever_follows_a_head_lets_it_go(body: bytes) -> None:
    wire, transport = await made()
    transport.write(HEAD)
    transport.write(body)
    assert wire.written == [HEAD + body]


async def test_a_head_that_nothing_follows_leaves_with_the_turn() -> None:
    wire, transport = await made()
    transport.write(HEAD)
    assert not wire.written
    await asyncio.sleep(0)
    assert wire.written == [HEAD]
    transport.write(b"later")
    assert wire.written == [HEAD, b"later"]


async def test_a_body_may_be_a_view_of_memory() -> None:
    wire, transport = await made()
    transport.write(HEAD)
    for chunk in b"{", b"}":
        transport.write(memoryview(chunk))
    assert wire.written == [HEAD + b"{", b"}"]


async def test_a_long_body_is_not_copied() -> None:
    wire, transport = await made()
    transport.write(HEAD)
    transport.write(b"a" * MAX_COPIED_BYTES)
    assert wire.written == [HEAD, b"a" * MAX_COPIED_BYTES]


async def test_a_head_leaves_before_the_connection_closes() -> None:
    wire, transport = await made()
    transport.write(HEAD)
    transport.close()
    await asyncio.sleep(0)
    assert wire.written == [HEAD, None]
    assert transport.is_closing()


async def test_the_rest_is_the_transports() -> None:
    _, transport = await made()
    assert transport.get_extra_info("peername") == ("203.0.113.7", 50000)
