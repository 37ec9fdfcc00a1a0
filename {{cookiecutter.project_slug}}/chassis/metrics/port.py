"""The metrics port: a server in a thread of its own, which answers while the event loop cannot."""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from socket import AF_INET, AF_INET6
from socketserver import ThreadingTCPServer
from threading import BoundedSemaphore, Thread
from typing import TYPE_CHECKING, Any

from chassis.timing import operations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    Expose: TypeAlias = Callable[[str], tuple[bytes, str]]

CONNECTIONS = 32
"""Clients served at once."""
SILENCE = 5
"""Seconds without a byte after which a client is dropped."""
WATCH = 0.02
"""Seconds between two looks at whether to close."""

logger = logging.getLogger(__name__)


class Handler(BaseHTTPRequestHandler):
    """Answers GET /metrics and GET /timings, whatever else is tried."""

    timeout = SILENCE
    wbufsize = -1  # one write: each may wait for the interpreter's lock
    server_version = "metrics"
    sys_version = ""
    server: Port

    def do_GET(self) -> None:
        """Answer one request."""
        path = self.path.partition("?")[0]
        if path == "/metrics":
            self._answer(*self.server.expose(self.headers.get("Accept", "")))
        elif path == "/timings":
            self._answer(json.dumps(operations.snapshot()).encode(), "application/json")
        else:
            self.send_error(404)

    def _answer(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:  # noqa: ANN401 - the library's types
        """Log nothing: http.server would write to the standard error."""


class Port(ThreadingTCPServer):
    """Serves a few connections at a time, each in its thread; one too many is closed."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, host: str, port: int, expose: Expose) -> None:
        """Listen. Raises OSError."""
        self.address_family = AF_INET6 if ":" in host else AF_INET
        self._free = BoundedSemaphore(CONNECTIONS)
        self.expose = expose
        super().__init__((host, port), Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as the library has it
        """Serve one connection, in its own thread, if there is room."""
        if not self._free.acquire(blocking=False):
            return
        try:
            super().finish_request(request, client_address)
        except (ConnectionError, TimeoutError):
            logger.debug("a client of the metrics port went away")
        except Exception:
            logger.exception("the metrics port could not answer")
        finally:
            self._free.release()


@contextmanager
def listening(host: str, port: int, expose: Expose) -> Iterator[str]:
    """Serve metrics while the block runs; gives the address, such as `http://127.0.0.1:9090`.

    Raises OSError that names the variables when the port cannot be opened.
    """
    try:
        server = Port(host, port, expose)
    except OSError as error:
        raise OSError(
            f"METRICS_PORT: cannot listen on {host} port {port}: {error.strerror}. "
            "Choose a free port, or as METRICS_HOST an address of this machine."
        ) from error
    with server:
        Thread(target=server.serve_forever, args=(WATCH,), name="metrics", daemon=True).start()
        try:
            place = f"[{host}]" if ":" in host else host
            yield f"http://{place}:{server.server_address[1]}"
        finally:
            server.shutdown()
