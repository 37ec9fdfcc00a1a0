"""Every write that was acknowledged is there, once, whatever was restarted meanwhile."""

from __future__ import annotations

import json
import signal
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING

from tests.proofs.servers import postgres, sql

if TYPE_CHECKING:
    from tests.proofs.carved import Carved, Replica

CLIENTS = 6
RESTARTS = 3
HEADERS = {"Content-Type": "application/json"}


@dataclass
class Writers:
    """Clients that write numbered rows, each again until it is acknowledged."""

    replicas: list[Replica]
    acknowledged: set[str] = field(default_factory=set)
    attempts: int = 0
    done: bool = False

    def write(self, client: int) -> None:
        """Write rows until stopped; 409 to a repeated row says that it is there already."""
        number = 0
        while not self.done:
            title = f"{client}-{number}"
            status = self._post(title)
            self.attempts += 1
            if status in {201, 409}:
                self.acknowledged.add(title)
                number += 1
            else:
                assert status in {None, 503}, status
                time.sleep(0.05)

    def _post(self, title: str) -> int | None:
        address = self.replicas[-1].address
        connection = HTTPConnection(*address, timeout=30)
        try:
            connection.request("POST", "/notes", json.dumps({"title": title}), HEADERS)
            answer = connection.getresponse()
            answer.read()
        except (OSError, HTTPException):
            return None
        finally:
            connection.close()
        return answer.status


def test_every_acknowledged_write_is_there_once(everything: Carved) -> None:
    with postgres() as server, ExitStack() as stack:
        variables = {"ENVIRONMENT": "test", "DATABASE_URL": server.url}
        program = (str(everything.python), "-m", "app", "database", "upgrade")
        everything.run(*program, **variables)
        writers = Writers([stack.enter_context(everything.serve(**variables))])
        threads = [
            threading.Thread(target=writers.write, args=(client,)) for client in range(CLIENTS)
        ]
        for thread in threads:
            thread.start()
        for how in [signal.SIGINT, signal.SIGKILL, signal.SIGINT][:RESTARTS]:
            time.sleep(1)
            server.stop(how)
            time.sleep(0.5)
            server.start()
            time.sleep(1)
            old = writers.replicas[-1]
            writers.replicas.append(stack.enter_context(everything.serve(**variables)))
            old.process.send_signal(signal.SIGTERM)
            assert old.process.wait(60) == 0
        time.sleep(1)
        writers.done = True
        for thread in threads:
            thread.join()
        found = sql(server.url, "SELECT title FROM notes").split()
    assert len(found) == len(set(found))
    lost = writers.acknowledged - set(found)
    assert not lost
    assert len(writers.acknowledged) > 500
    assert writers.attempts > len(writers.acknowledged), "the restarts were felt"
    result = f"{len(writers.acknowledged)} of {writers.attempts} attempts acknowledged, 0 lost"
    print(f"R7: {result}")  # noqa: T201 - the figure
