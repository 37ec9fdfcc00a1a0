"""Real servers for a proof: PostgreSQL and Redis as Debian packages them, or a loud skip."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

PASSWORD = "hunter2-hunter2"  # noqa: S105 - of a server that lives as long as a test
TIMEOUT = 30.0


@dataclass
class Server:
    """A server on a loopback port that can be stopped, hung and brought back."""

    url: str
    port: int
    command: tuple[str, ...]
    is_up: Callable[[], bool]
    user: dict[str, Any] = field(default_factory=dict)
    log: Path = Path(os.devnull)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, stdout=log, stderr=subprocess.STDOUT, cwd="/", **self.user
            )
        deadline = time.monotonic() + TIMEOUT
        while not self.is_up():
            said = self.log.read_text(errors="replace")
            assert self.process.poll() is None, f"{self.command[0]} ended: {said}"
            assert time.monotonic() < deadline, f"{self.command[0]} does not answer: {said}"
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it and wait for that; SIGINT cuts its clients off, SIGKILL is a crash."""
        if self.process is not None:
            self.resume()
            self.process.send_signal(how)
            self.process.wait(TIMEOUT)
            self.process = None

    def restart(self) -> None:
        """Stop it and start it again, on the same port with the same data."""
        self.stop()
        self.start()

    def hang(self) -> None:
        """Freeze every process of it: connections stay open, and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after `hang`."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        family = [self.process.pid]
        children = Path(f"/proc/{family[0]}/task/{family[0]}/children").read_text()
        for pid in [*family, *map(int, children.split())]:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue  # it served a connection that is closed by now


class Slowly:
    """A way to the server on which everything takes its time, once it is asked to."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.delay = 0.0
        self.url = ""
        self.pipes: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Listen on a port of its own; `url` leads there."""

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.pipes.add(asyncio.create_task(self.pipe(reader, writer)))

        listener = await asyncio.start_server(accept, "127.0.0.1", 0)
        port = listener.sockets[0].getsockname()[1]
        self.url = self.server.url.replace(f":{self.server.port}/", f":{port}/")
        try:
            yield
        finally:
            listener.close()
            for pipe in self.pipes:
                pipe.cancel()
            await asyncio.gather(*self.pipes, return_exceptions=True)

    async def pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection."""
        back, forth = await asyncio.open_connection("127.0.0.1", self.server.port)
        try:
            await asyncio.gather(self.carry(reader, forth), self.carry(back, writer))
        finally:
            forth.close()
            writer.close()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one direction of it, until an end closes it."""
        while data := await reader.read(65_536):
            await asyncio.sleep(self.delay)
            writer.write(data)
        writer.close()


@contextmanager
def postgres() -> Iterator[Server]:
    """Run PostgreSQL with an empty database; `url` is the superuser's."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version)
    if not binaries:
        pytest.skip("NOT PROVEN: no PostgreSQL here (Debian: apt install postgresql)")
    user: dict[str, Any] = {}
    if os.geteuid() == 0:  # which it refuses to run as
        user = {"user": "postgres", "group": "postgres", "extra_groups": []}
    with _folder() as folder:
        if user:
            shutil.chown(folder, "postgres", "postgres")
        secret = folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        data = folder / "data"
        subprocess.run(
            [
                *(binaries[-1] / "initdb", "--pgdata", data, "--username=postgres"),
                *("--auth=scram-sha-256", "--pwfile", secret, "--encoding=UTF8", "--no-sync"),
            ],
            check=True,
            capture_output=True,
            cwd="/",
            **user,
        )
        port = free_port()
        ready = (str(binaries[-1] / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port))
        server = Server(
            url=f"postgresql://postgres:{PASSWORD}@127.0.0.1:{port}/postgres",
            port=port,
            command=(
                *(str(binaries[-1] / "postgres"), "-D", str(data), "-p", str(port)),
                *("-h", "127.0.0.1", "-k", str(folder)),
            ),
            is_up=lambda: subprocess.run(ready, check=False).returncode == 0,
            user=user,
            log=folder / "log",
        )
        yield from _running(server)


@contextmanager
def redis() -> Iterator[Server]:
    """Run Redis, or Valkey, that keeps nothing on disk."""
    binary = shutil.which("redis-server") or shutil.which("valkey-server")
    if binary is None:
        pytest.skip("NOT PROVEN: no Redis here (Debian: apt install redis-server)")
    port = free_port()

    def is_up() -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as client:
                client.sendall(b"PING\r\n")
                return client.recv(100).startswith((b"+PONG", b"-NOAUTH"))
        except OSError:
            return False

    with _folder() as folder:
        server = Server(
            url=f"redis://:{PASSWORD}@127.0.0.1:{port}/0",
            port=port,
            command=(
                *(binary, "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)),
                *("--save", "", "--appendonly", "no", "--requirepass", PASSWORD),
            ),
            is_up=is_up,
            log=folder / "log",
        )
        yield from _running(server)


@contextmanager
def pgbouncer(server: Server, size: int) -> Iterator[Server]:
    """Run PgBouncer in transaction mode before a PostgreSQL, with so many connections to it."""
    binary = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if binary is None:
        pytest.skip("NOT PROVEN: no PgBouncer here (Debian: apt install pgbouncer)")
    port = free_port()

    def is_up() -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", port)) == 0

    with _folder() as folder:
        users = folder / "users"
        users.write_text(f'"postgres" "{PASSWORD}"\n')
        configuration = folder / "configuration"
        configuration.write_text(
            f"[databases]\n* = host=127.0.0.1 port={server.port}\n[pgbouncer]\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
            f"auth_type = scram-sha-256\nauth_file = {users}\n"
            f"pool_mode = transaction\ndefault_pool_size = {size}\n"
        )
        for path in (folder, users, configuration) if server.user else ():
            shutil.chown(path, "postgres", "postgres")
        url = server.url.replace(f":{server.port}/", f":{port}/")
        command = (binary, str(configuration))
        log = folder / "log"
        yield from _running(Server(url, port, command, is_up, server.user, log))


def free_port() -> int:
    """Find a loopback port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _running(server: Server) -> Iterator[Server]:
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="proof-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _version(binaries: Path) -> int:
    return int(binaries.parent.name)


def sql(url: str, statement: str) -> str:
    """Run a statement in PostgreSQL and return its answer, bare."""
    ended = subprocess.run(
        ["psql", "--no-psqlrc", "-qAt", "-v", "ON_ERROR_STOP=1", "-c", statement, url],
        check=False,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()
