"""A real Prometheus that watches a real service, which has something to do."""

from __future__ import annotations

import json
import math
import shutil
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.proofs.servers import Server, free_port, postgres, redis

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.monitoring import Question
    from tests.proofs.carved import Carved, Replica

PAUSE = 0.05
"""Seconds between two requests of the load."""
JSON = {"Content-Type": "application/json"}


class Elsewhere(BaseHTTPRequestHandler):
    """Stands for whatever the service calls, and is content with everything."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Give what any route of it may want."""
        self._answer(json.dumps({"symbol": self.path.rpartition("/")[2], "price": 1.5}).encode())

    def do_POST(self) -> None:
        """Take it."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(b"")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def elsewhere() -> Iterator[str]:
    """Run it; gives its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@dataclass
class Load:
    """A few requests of every kind, again and again."""

    replicas: list[Replica]
    """Those asked; the last one is."""
    done: bool = False
    sent: int = 0
    failed: list[str] = field(default_factory=list)

    def send(self) -> None:
        """Run until stopped."""
        while not self.done:
            for method, path, body in self.requests():
                self._ask(method, path, body)
                self.sent += 1
                time.sleep(PAUSE)

    def requests(self) -> Iterator[tuple[str, str, dict[str, str] | None]]:
        """What a user may ask; what the carving does not have is answered with 404."""
        yield "GET", "/greetings/Ada", None
        yield "POST", "/notes", {"title": f"note {self.sent}"}
        for _ in range(2):
            yield "GET", f"/notes/{self.sent // 20 + 1}", None
        yield "GET", "/notes", None
        yield "GET", "/quotes/ABC", None
        yield "GET", "/nowhere", None
        yield "GET", "/readyz", None

    def _ask(self, method: str, path: str, body: dict[str, str] | None) -> None:
        with closing(HTTPConnection(*self.replicas[-1].address, timeout=30)) as connection:
            connection.request(method, path, json.dumps(body) if body else None, JSON)
            answer = connection.getresponse()
            said = answer.read().decode()
        if answer.status >= 500:
            self.failed.append(f"{method} {path}: {said}")


@dataclass(frozen=True)
class Prometheus:
    """A real one, which scrapes and judges every second."""

    url: str

    def ask(self, path: str, **parameters: str) -> Any:  # noqa: ANN401 - any JSON
        """Give the data of an answer."""
        query = urllib.parse.urlencode(parameters)
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{query}", timeout=30) as answer:  # noqa: S310 - our own
                return json.load(answer)["data"]
        except urllib.error.HTTPError as refused:
            raise AssertionError(f"{parameters}: {refused.read().decode()}") from refused

    def has_result(self, question: Question) -> bool:
        """Return whether an expression gives a number for any series."""
        data = self.ask("query", query=question.expr)
        found = [data["result"]] if data["resultType"] == "scalar" else data["result"]
        values = (one["value"] if isinstance(one, dict) else one for one in found)
        return any(math.isfinite(float(value)) for _, value in values)


@contextmanager
def watching(service: Carved, *targets: str) -> Iterator[Prometheus]:
    """Run Prometheus as the service configures it, but for where replicas are, and for haste."""
    binary = shutil.which("prometheus")
    if binary is None:
        pytest.skip("NOT PROVEN: no Prometheus here (Debian: apt install prometheus)")
    config = yaml.safe_load((service.path / "monitoring" / "prometheus.yaml").read_text("utf-8"))
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    [scrape] = config["scrape_configs"]
    del scrape["dns_sd_configs"]
    scrape["static_configs"] = [{"targets": [*targets]}]
    config["rule_files"] = [str(service.path / "monitoring" / it) for it in config["rule_files"]]
    with tempfile.TemporaryDirectory(prefix="proof-", ignore_cleanup_errors=True) as name:
        folder, port = Path(name), free_port()
        (folder / "prometheus.yaml").write_text(yaml.safe_dump(config))
        url = f"http://127.0.0.1:{port}"

        def is_up() -> bool:
            try:
                with urllib.request.urlopen(f"{url}/-/ready", timeout=1):  # noqa: S310 - our own
                    return True
            except OSError:
                return False

        server = Server(
            url=url,
            port=port,
            command=(
                *(binary, f"--config.file={folder}/prometheus.yaml"),
                *(f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}"),
            ),
            is_up=is_up,
            log=folder / "log",
        )
        server.start()
        try:
            yield Prometheus(url)
        finally:
            server.stop()


@dataclass
class Scene:
    """A service, what it depends on, what it has to do, and who watches."""

    service: Carved
    database: Server
    prometheus: Prometheus
    load: Load
    variables: dict[str, str]


@contextmanager
def watched(service: Carved, metrics_ports: list[int], **own: str) -> Iterator[Scene]:
    """Run it all, with a replica on the first of these ports, under a light load."""
    with ExitStack() as stack:
        database, cache = stack.enter_context(postgres()), stack.enter_context(redis())
        other = stack.enter_context(elsewhere())
        variables = {"DATABASE_URL": database.url, "CACHE_URL": cache.url}
        if (service.path / "chassis" / "outbound").exists():
            variables |= {"OUTBOUND_QUOTES_BASE_URL": other}
        if (service.path / "chassis" / "tracing").exists():
            variables |= {"TRACING_ENDPOINT": other, "TRACING_RATIO": "1"}
        program = (str(service.python), "-m", "app", "database", "upgrade")
        service.run(*program, ENVIRONMENT="test", **variables)
        replica = stack.enter_context(
            service.serve(**variables, **own, METRICS_PORT=str(metrics_ports[0]))
        )
        targets = (f"127.0.0.1:{port}" for port in metrics_ports)
        prometheus = stack.enter_context(watching(service, *targets))
        load = Load([replica])
        thread = threading.Thread(target=load.send)
        thread.start()
        try:
            yield Scene(service, database, prometheus, load, variables)
            assert load.done or thread.is_alive(), "the load ended early"
        finally:
            load.done = True
            thread.join()
