"""A collector that takes what is posted to a real port, and fails as requested."""

from __future__ import annotations

import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Event, Thread
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 60.0


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        self.server.owner.take(self)

    def log_message(self, *_: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    owner: Collector


class Collector:
    """Keeps what was posted; `mood` is a status to answer with, `hang` or `drip`."""

    def __init__(self) -> None:
        self.mood: int | str = 200
        self.asked: list[tuple[str, dict[str, str]]] = []
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

    def keep(self, body: bytes, headers: dict[str, str]) -> None:
        """Decode and keep what was posted, where it was answered with 200."""

    def described(self) -> list[str]:
        """Say what was kept, for a test that fails."""
        return []

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
                with self._news:
                    self.keep(body, heads)
                    self._news.notify_all()
            request.send_response(self.mood)
            request.send_header("Content-Length", "0")
            request.end_headers()

    def wait(self, reached: Callable[[], object]) -> None:
        with self._news:
            assert self._news.wait_for(reached, PATIENCE), self.described()


def until(reached: Callable[[], object]) -> None:
    """Wait for what no collector sees."""
    end = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.01)
