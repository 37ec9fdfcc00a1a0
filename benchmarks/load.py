"""Saturates servers, all at the same time, and notes what each request cost them.

A program of its own, so that it can have a core of its own: `python -m benchmarks.load` reads what
to do as JSON from standard input and writes what it saw as JSON to standard output.
"""

from __future__ import annotations

import itertools
import json
import select
import socket
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from benchmarks.kernel import cpu_nanoseconds

CHUNK = 65_536
OK = b"HTTP/1.1 200"


@dataclass
class Target:
    """A server under load: what it is asked, and what became of that."""

    name: str
    pids: list[int]
    port: int
    asked: list[tuple[bytes, bytes]]
    """Each request, whole, and the body that answers it."""
    answered: int = 0
    failed: int = 0
    turn: int = 0

    def next(self) -> tuple[bytes, bytes]:
        """Take the next request of the round."""
        self.turn += 1
        return self.asked[self.turn % len(self.asked)]

    def so_far(self) -> dict[str, int]:
        """Say what has been answered and spent until now."""
        spent = sum(map(cpu_nanoseconds, self.pids))
        return {"answered": self.answered, "failed": self.failed, "cpu": spent}


@dataclass
class Connection:
    """One client: asks again as soon as it is answered."""

    target: Target
    body: bytes = b""
    received: bytearray = field(default_factory=bytearray)
    socket: socket.socket = field(init=False)

    def open(self) -> int:
        """Connect and ask; give the descriptor to watch."""
        self.socket = socket.create_connection(("127.0.0.1", self.target.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received.clear()
        self.ask()
        return self.socket.fileno()

    def ask(self) -> None:
        """Send the next request."""
        request, self.body = self.target.next()
        self.socket.sendall(request)

    def receive(self) -> bool:
        """Take what has come; whether the connection is still good."""
        try:
            data = self.socket.recv(CHUNK)
        except OSError:
            data = b""
        if not data:
            self.target.failed += 1
            return False
        self.received += data
        if self.received.startswith(OK) and self.received.endswith(self.body):
            self.target.answered += 1
        elif is_whole(self.received):
            self.target.failed += 1
        else:
            return True
        self.received.clear()
        self.ask()
        return True


def is_whole(received: bytearray) -> bool:
    """Whether an answer, other than the one that is wanted, has come to its end."""
    head, found, body = received.partition(b"\r\n\r\n")
    if not found:
        return False
    length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
    return len(body) >= int(length) if length else body.endswith(b"0\r\n\r\n")


def saturate(
    targets: list[Target], connections: int, warm: float, epochs: int, seconds: float
) -> list[dict[str, dict[str, int]]]:
    """Keep every connection of every target busy; give what each epoch brought and took."""
    poll = select.epoll()
    open_now: dict[int, Connection] = {}
    for target in targets:
        for _ in range(connections):
            client = Connection(target)
            open_now[client.open()] = client
    for descriptor in open_now:
        poll.register(descriptor, select.EPOLLIN)
    ends = deque(time.monotonic() + warm + seconds * epoch for epoch in range(epochs + 1))
    marks = []
    while ends:
        for descriptor, _ in poll.poll(0.1):
            client = open_now[descriptor]
            if not client.receive():
                del open_now[descriptor]
                client.socket.close()
                descriptor = client.open()  # noqa: PLW2901 - the one it has from now on
                open_now[descriptor] = client
                poll.register(descriptor, select.EPOLLIN)
        if time.monotonic() >= ends[0]:
            ends.popleft()
            marks.append({target.name: target.so_far() for target in targets})
    for client in open_now.values():
        client.socket.close()
    return [
        {name: {key: after[name][key] - before[name][key] for key in after[name]} for name in after}
        for before, after in itertools.pairwise(marks)
    ]


def main() -> None:
    """Do what standard input says."""
    options: dict[str, Any] = json.load(sys.stdin)
    targets = [
        Target(
            it["name"], it["pids"], it["port"], [(a.encode(), b.encode()) for a, b in it["asked"]]
        )
        for it in options.pop("targets")
    ]
    json.dump(saturate(targets, **options), sys.stdout)


if __name__ == "__main__":
    main()
