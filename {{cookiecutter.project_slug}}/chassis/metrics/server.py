"""The metrics server, in a separate thread, so that it responds while the event loop is blocked.

prometheus-client's `start_http_server` never drops a silent client, and its encoder takes 20 times
as long for ten thousand lines (a hundred routes), more than the 50 ms that a scrape may take.
"""

from __future__ import annotations

import logging
import sys
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

from chassis.listeners import bind_listeners

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from socket import socket
    from typing import TypeAlias

    Expose: TypeAlias = Callable[[], bytes]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
READ_TIMEOUT_SECONDS = 5
"""Seconds without a byte after which a connection is closed."""
SHUTDOWN_POLL_SECONDS = 0.02
"""Seconds between two checks whether to shut down."""

logger = logging.getLogger(__name__)


class MetricsHandler(BaseHTTPRequestHandler):
    """Responds to GET /metrics and nothing else."""

    timeout = READ_TIMEOUT_SECONDS
    wbufsize = -1  # a single write, because each may wait for the GIL
    server_version = "metrics"
    sys_version = ""
    server: MetricsServer

    def do_GET(self) -> None:
        """Answer one request."""
        if self.path.partition("?")[0] != "/metrics":
            self.send_error(404)
            return
        body = self.server.expose()
        self.send_response(200)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:  # noqa: ANN401 - the library's types
        """Log nothing: http.server would write to the standard error."""


class MetricsServer(ThreadingTCPServer):
    """Serves each connection in a thread."""

    daemon_threads = True

    def __init__(self, listener: socket, expose: Expose) -> None:
        """Listen. Raises OSError."""
        self.expose = expose
        super().__init__(listener.getsockname(), MetricsHandler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.server_activate()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401, ARG002 - as the library has it
        """Log why a connection could not be served."""
        error = sys.exception()
        level = logging.DEBUG if isinstance(error, ConnectionError) else logging.ERROR
        logger.log(level, "metrics server: request failed", exc_info=error)


@contextmanager
def serve_metrics(host: str, port: int, expose: Expose) -> Iterator[str]:
    """Serve metrics while the block runs; yield the URL, such as `http://127.0.0.1:9090`.

    Raises OSError that names the variable if the port cannot be opened.
    """
    try:
        servers = [MetricsServer(it, expose) for it in bind_listeners(host, port)]
    except OSError as error:
        raise OSError(
            f"METRICS_PORT: cannot listen on {host} port {port}: {error.strerror}. "
            "Choose a free port, or set METRICS_HOST to an address of this machine."
        ) from error
    with ExitStack() as stack:
        for server in servers:
            stack.enter_context(server)
            arguments = (SHUTDOWN_POLL_SECONDS,)
            Thread(target=server.serve_forever, args=arguments, name="metrics", daemon=True).start()
            stack.callback(server.shutdown)
        shown, served_port, *_ = servers[0].socket.getsockname()
        yield f"http://{f'[{shown}]' if ':' in shown else shown}:{served_port}"
