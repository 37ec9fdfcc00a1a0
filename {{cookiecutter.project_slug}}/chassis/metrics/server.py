"""The metrics server: in a thread of its own, so that it answers while the event loop is blocked.

prometheus-client's `start_http_server` keeps neither promise about hostile clients: it limits no
connections and never drops a silent one. Its encoder takes 20 times as long for ten thousand lines
(a hundred routes), more than the 50 ms that a scrape may take.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from socket import AF_INET, AF_INET6
from socketserver import ThreadingTCPServer
from threading import BoundedSemaphore, Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    Expose: TypeAlias = Callable[[str], tuple[bytes, str]]

MAX_CONNECTIONS = 32
"""Connections served at once; further ones are closed."""
READ_TIMEOUT_SECONDS = 5
"""Seconds without a byte after which a connection is closed."""
SHUTDOWN_POLL_SECONDS = 0.02
"""Seconds between two checks whether to shut down."""

logger = logging.getLogger(__name__)


class MetricsHandler(BaseHTTPRequestHandler):
    """Answers GET /metrics and nothing else."""

    timeout = READ_TIMEOUT_SECONDS
    wbufsize = -1  # one write: each may wait for the interpreter's lock
    server_version = "metrics"
    sys_version = ""
    server: MetricsServer

    def do_GET(self) -> None:
        """Answer one request."""
        if self.path.partition("?")[0] != "/metrics":
            self.send_error(404)
            return
        body, content_type = self.server.expose(self.headers.get("Accept", ""))
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:  # noqa: ANN401 - the library's types
        """Log nothing: http.server would write to the standard error."""


class MetricsServer(ThreadingTCPServer):
    """Serves a limited number of connections, each in a thread."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, host: str, port: int, expose: Expose) -> None:
        """Listen. Raises OSError."""
        self.address_family = AF_INET6 if ":" in host else AF_INET
        self._free = BoundedSemaphore(MAX_CONNECTIONS)
        self.expose = expose
        super().__init__((host, port), MetricsHandler)

    def finish_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as the library has it
        """Serve a connection, in its thread, unless the limit is reached."""
        if not self._free.acquire(blocking=False):
            return
        try:
            super().finish_request(request, client_address)
        except (ConnectionError, TimeoutError):
            logger.debug("a client of the metrics server disconnected")
        except Exception:
            logger.exception("the metrics server could not answer")
        finally:
            self._free.release()


@contextmanager
def serve_metrics(host: str, port: int, expose: Expose) -> Iterator[str]:
    """Serve metrics while the block runs; yield the URL, such as `http://127.0.0.1:9090`.

    Raises OSError that names the variable if the port cannot be opened.
    """
    try:
        server = MetricsServer(host, port, expose)
    except OSError as error:
        raise OSError(
            f"METRICS_PORT: cannot listen on {host} port {port}: {error.strerror}. "
            "Choose a free port, or as METRICS_HOST an address of this machine."
        ) from error
    with server:
        Thread(
            target=server.serve_forever, args=(SHUTDOWN_POLL_SECONDS,), name="metrics", daemon=True
        ).start()
        try:
            shown_host = f"[{host}]" if ":" in host else host
            yield f"http://{shown_host}:{server.server_address[1]}"
        finally:
            server.shutdown()
