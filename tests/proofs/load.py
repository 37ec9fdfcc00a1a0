"""A load client that counts failures, apart for kept-alive and for new connections."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Address(NamedTuple):
    """Where a replica or a proxy listens."""

    host: str
    port: int


@dataclass
class Tally:
    """What became of the requests, by kind of connection: `kept` and `new`."""

    answered: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """Requests that were sent, answered or not."""
        return self.answered.total() + self.failed.total()


@dataclass(frozen=True)
class Request:
    """What is sent, again and again."""

    method: str = "GET"
    path: str = "/"
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    def head(self, *, keep: bool) -> bytes:
        """Write the request down."""
        lines = [
            f"{self.method} {self.path} HTTP/1.1",
            "Host: localhost",
            f"Content-Length: {len(self.body)}",
            f"Connection: {'keep-alive' if keep else 'close'}",
            *(f"{name}: {value}" for name, value in self.headers),
        ]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


class Client:
    """One user: sends the next request when the last one is answered.

    A kept connection stays with its replica until that one closes it, whatever a load balancer
    says meanwhile: that is how they behave behind a Kubernetes service.
    """

    def __init__(self, kind: str, pick: Callable[[], Address], requests: Sequence[Request]) -> None:
        """Kind is `kept` or `new`; `pick` names the address for the next connection."""
        self.kind = kind
        self.pick = pick
        self.requests = requests
        self.open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, number: int) -> int:
        """Send one request and read the whole answer; return its status.

        Raises OSError or asyncio.IncompleteReadError when the answer does not come whole.
        """
        reader, writer = self.open or await asyncio.open_connection(*self.pick())
        self.open = None
        keep = self.kind == "kept"
        try:
            request = self.requests[number % len(self.requests)]
            writer.write(request.head(keep=keep))
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
            await reader.readexactly(length)
            keep = keep and b"connection: close" not in head
        except BaseException:
            keep = False
            raise
        finally:
            if keep:
                self.open = reader, writer
            else:
                writer.close()
        return int(head.split()[1])

    def close(self) -> None:
        """Hang up."""
        if self.open:
            self.open[1].close()


async def load(  # noqa: PLR0913 - each is a matter of its own
    addresses: Callable[[], Sequence[Address]],
    requests: Sequence[Request],
    *,
    until: Callable[[Tally], bool],
    clients: int = 8,
    seconds: float = 120,
    pause: float = 0,
) -> Tally:
    """Send requests from half kept-alive, half new-connection clients until stopped.

    `addresses` is asked before every connection. An answer of 500 or more, or none at all, is a
    failure. Stops by itself after `seconds`. A client takes a pause after each answer, so that
    what is tested beside the load has some of the machine.
    """
    tally = Tally()
    deadline = asyncio.get_running_loop().time() + seconds

    async def use(client: Client) -> None:
        number = 0
        while not until(tally) and asyncio.get_running_loop().time() < deadline:
            number += 1
            try:
                status = await client.send(number)
            except (OSError, asyncio.IncompleteReadError) as error:
                tally.failed[client.kind] += 1
                tally.reasons[f"{client.kind}: {error!r}"] += 1
            else:
                good = status < 500
                (tally.answered if good else tally.failed)[client.kind] += 1
                tally.statuses[status] += 1
            if pause:
                await asyncio.sleep(pause)
        client.close()

    pick = lambda: random.choice(addresses())  # noqa: E731, S311 - which replica is no secret
    await asyncio.gather(
        *(
            use(Client(kind, pick, requests))
            for kind in ("kept", "new")
            for _ in range(clients // 2)
        )
    )
    return tally
