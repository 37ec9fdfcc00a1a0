"""Whatever crashes under load comes back by itself, and nothing acknowledged is lost."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING

import pytest

from tests.containers.stack import eventually, health, inspect

if TYPE_CHECKING:
    from tests.containers.stack import Stack
    from tests.proofs.load import Address

CLIENTS = 4
HEADERS = {"Content-Type": "application/json"}
BACK_SECONDS = 30


@dataclass
class Writers:
    """Clients that write numbered notes through the proxy, each again until acknowledged."""

    address: Address
    era: str
    acknowledged: set[str] = field(default_factory=set)
    statuses: Counter[int | None] = field(default_factory=Counter)
    latest: float = 0.0
    """When a note was last acknowledged."""
    done: bool = False

    def write(self, client: int) -> None:
        """Write until stopped; 409 to a note that is sent again says that it is there."""
        number = 0
        while not self.done:
            title = f"{self.era}-{client}-{number}"
            status = self._post(title)
            self.statuses[status] += 1
            if status in {201, 409}:
                self.acknowledged.add(title)
                self.latest = time.monotonic()
                number += 1
            else:
                time.sleep(0.05)

    def _post(self, title: str) -> int | None:
        with closing(HTTPConnection(*self.address, timeout=20)) as connection:
            try:
                connection.request("POST", "/notes", json.dumps({"title": title}), HEADERS)
                answer = connection.getresponse()
                answer.read()
            except (OSError, HTTPException):
                return None
        return answer.status


def titles(stack: Stack) -> list[str]:
    """Every note in the database."""
    query = ("psql", "--username=app", "--dbname=app", "-qAt", "-c", "SELECT title FROM notes")
    return stack.compose("exec", "-T", "database", *query).split()


@pytest.mark.parametrize("service", ["web", "database", "cache", "proxy"])
def test_a_crash_is_survived(everything: Stack, service: str) -> None:
    name = everything.containers(service)[0]
    restarts = inspect(name)["RestartCount"]
    # The port changes at each start unless it is fixed, as it is for people.
    everything.variables = {"HTTP_PORT": str(everything.address.port)}
    if service == "proxy":
        everything.compose("up", "--detach", "--wait", "--no-deps", "proxy")
        name = everything.containers(service)[0]
        restarts = inspect(name)["RestartCount"]
    writers = Writers(everything.address, f"{service}-{time.time()}")
    threads = [threading.Thread(target=writers.write, args=(client,)) for client in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        eventually(lambda: len(writers.acknowledged) > 20)
        everything.crash(service)
        crashed = time.monotonic()
        eventually(lambda: inspect(name)["RestartCount"] == restarts + 1, BACK_SECONDS)
        eventually(lambda: writers.latest > crashed + 1, BACK_SECONDS)
        eventually(lambda: health(name) == "healthy", BACK_SECONDS)
        took = time.monotonic() - crashed
        count = len(writers.acknowledged)
        eventually(lambda: len(writers.acknowledged) > count + 20)
    finally:
        writers.done = True
        for thread in threads:
            thread.join()
        everything.variables = {}
    found = titles(everything)
    assert len(found) == len(set(found))
    assert writers.acknowledged <= set(found)
    assert set(writers.statuses) <= {201, 409, 502, 503, 504, None}
    if service == "cache":
        assert set(writers.statuses) == {201}
    wrong = {it: count for it, count in writers.statuses.items() if it not in {201, 409}}
    result = f"{len(writers.acknowledged)} acknowledged, 0 lost, refused {wrong}"
    print(f"{service} crashed: healthy after {took:.1f} s, {result}")  # noqa: T201 - the figure
