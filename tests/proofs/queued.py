"""A carved service with jobs to try, its PostgreSQL, and what the tables say of them."""

from __future__ import annotations

import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tests.proofs.carved import Carved, clean
from tests.proofs.servers import sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.proofs.carved import Replica
    from tests.proofs.servers import Server

FEATURE = Path(__file__).with_name("jobs_feature.py")
TABLES = (
    "CREATE TABLE effects (n bigint NOT NULL);"
    "CREATE TABLE runs (name text, n bigint, attempt int, pid bigint, at timestamptz DEFAULT now())"
)
MIGRATED = "migrated"
"""Database that the others are copies of."""
LEASE = 3.0
POLL = 1.0
SETTINGS = {
    "JOBS_LEASE_SECONDS": str(LEASE),
    "JOBS_POLL_SECONDS": str(POLL),
    "JOBS_BACKOFF_SECONDS": "0.2",
    "JOBS_FIGURES_SECONDS": "0.5",
    "LOG_LEVEL": "INFO",
}


def with_trials(where: Path) -> Carved:
    """Carve a service with jobs, and add the feature that tries them."""
    service = Carved.make(where, jobs=True)
    folder = service.path / "app" / "trials"
    folder.mkdir()
    (folder / "__init__.py").write_text(FEATURE.read_text())
    root = service.path / "app" / "main.py"
    text = root.read_text()
    for before, after in (
        ("from app.reminders", "from app.trials import Trials\nfrom app.reminders"),
        ("    notes: Notes", "    trials: Trials = Trials()\n    notes: Notes"),
    ):
        assert before in text
        text = text.replace(before, after, 1)
    root.write_text(text)
    return service.sync()


@dataclass
class Queued:
    """The service on a database of its own."""

    service: Carved
    url: str

    def worker(self, **variables: str) -> Replica:
        """Start a worker."""
        return self.service.serve("-m", "app", "worker", **self.variables(**variables))

    @contextmanager
    def unwatched_worker(self) -> Iterator[subprocess.Popen[bytes]]:
        """Start a worker that may end before it serves."""
        command = (str(self.service.python), "-m", "app", "worker")
        environment = clean(**self.variables())
        log = subprocess.DEVNULL
        with subprocess.Popen(
            command, cwd=self.service.path, env=environment, stdout=log
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def web(self, **variables: str) -> Replica:
        """Start a process that serves, and enqueues."""
        return self.service.serve("-m", "app", **self.variables(**variables))

    def variables(self, **variables: str) -> dict[str, str]:
        """Return the variables of both."""
        return {"DATABASE_URL": self.url, "ENVIRONMENT": "test", **SETTINGS, **variables}

    def jobs(self, *arguments: str) -> str:
        """Run `python -m app jobs`."""
        command = (str(self.service.python), "-m", "app", "jobs", *arguments)
        return self.service.run(*command, **self.variables()).stdout

    def sql(self, statement: str) -> str:
        """Ask the database."""
        return sql(self.url, statement)

    def count(self, status: str, name: str = "%") -> int:
        """Count the jobs in a state."""
        found = f"status::text LIKE '{status}' AND task_name LIKE '{name}'"
        return int(self.sql(f"SELECT count(*) FROM procrastinate_jobs WHERE {found}"))  # noqa: S608 - our own words


@contextmanager
def queued(service: Carved, server: Server, name: str) -> Iterator[Queued]:
    """Give the service a database, with the tables of the trials."""
    found = Queued(service, server.url.removesuffix("postgres") + name)
    if MIGRATED not in sql(server.url, "SELECT datname FROM pg_database").split():
        first = Queued(service, server.url.removesuffix("postgres") + MIGRATED)
        sql(server.url, f"CREATE DATABASE {MIGRATED}")
        command = (str(service.python), "-m", "app", "database", "upgrade")
        service.run(*command, **first.variables())
        first.sql(TABLES)
    sql(server.url, f"CREATE DATABASE {name} TEMPLATE {MIGRATED}")
    yield found


def enqueue(replica: Replica, name: str, expected: int = 202, **query: Any) -> None:  # noqa: ANN401 - any text
    """Enqueue jobs by a request."""
    answer = replica.ask(f"/trials/{name}?{urlencode(query)}", "POST", traceparent=TRACEPARENT)
    assert answer.status == expected, answer


TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01"


def wait_until(met: Callable[[], bool], seconds: float = 240, pause: float = 0.2) -> float:
    """Wait; return the seconds that it took."""
    began = time.monotonic()
    while not met():
        assert time.monotonic() - began < seconds, "it never came to that"
        time.sleep(pause)
    return time.monotonic() - began
