"""A collector that takes OTLP over HTTP on a real port, and fails as requested."""

from __future__ import annotations

import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Event, Thread
from typing import TYPE_CHECKING, Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
    from opentelemetry.proto.trace.v1.trace_pb2 import Span

PATIENCE = 60.0


def values(pairs: Iterable[KeyValue]) -> dict[str, Any]:
    def plain(value: AnyValue) -> object:
        return getattr(value, value.WhichOneof("value") or "string_value")

    return {pair.key: plain(pair.value) for pair in pairs}


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        self.server.owner.take(self)

    def log_message(self, *_: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    owner: Receiver


class Receiver:
    """Keeps spans, and who sent each; `mood` is a status to answer with, `hang` or `drip`."""

    def __init__(self) -> None:
        self.mood: int | str = 200
        self.spans: list[Span] = []
        self.origins: list[dict[str, Any]] = []
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.raw = b""
        self._over = Event()
        self._news = Condition()

    def __enter__(self) -> Self:
        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.owner = self
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.let_go()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def let_go(self) -> None:
        """Answer those who hang, as the mood now is."""
        self._over.set()

    def take(self, request: Handler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"]))
        heads = {name.lower(): value for name, value in request.headers.items()}
        with self._news:
            self.asked.append((request.path, heads))
            self._news.notify_all()
        if self.mood == "hang":
            self._over.wait()
        if self.mood == "drip":
            for _ in range(400):
                if self._over.wait(0.05):
                    break
                request.wfile.write(b"x")
        elif isinstance(self.mood, int):
            if self.mood == 200:
                self._keep(body)
            request.send_response(self.mood)
            request.send_header("Content-Length", "0")
            request.end_headers()

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans if span.name == name]

    def wait(self, reached: Callable[[], object]) -> None:
        with self._news:
            assert self._news.wait_for(reached, PATIENCE), [span.name for span in self.spans]

    def one(self, name: str) -> Span:
        """Wait for the only span of a name."""
        self.wait(lambda: self.named(name))
        (span,) = self.named(name)
        return span

    def _keep(self, body: bytes) -> None:
        message = ExportTraceServiceRequest.FromString(body)
        with self._news:
            self.raw += body
            for part in message.resource_spans:
                spans = [span for scope in part.scope_spans for span in scope.spans]
                self.origins += [values(part.resource.attributes)] * len(spans)
                self.spans += spans
            self._news.notify_all()


def until(reached: Callable[[], object]) -> None:
    """Wait for what no receiver sees."""
    end = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.01)
