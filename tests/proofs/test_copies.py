"""The examples are copied as the README says, and each copy works beside its original."""

from __future__ import annotations

import json
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from tests.owner import add_copies, repeat
from tests.proofs.carved import Carved

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.proofs.load import Address

COPIES = {"greeting": "welcome", "note": "customer", "quote": "price"}
"""What is replaced in a copy, and by what; plurals follow."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Carved:
    """Carve a service in which each example has a copy under another name."""
    carved = Carved.make(tmp_path_factory.mktemp("copies")).sync()
    carved.run("git", "init", "--quiet")
    add_copies(carved, COPIES)
    for name in carved.run(
        "git", "grep", "--untracked", "-l", "OUTBOUND_QUOTES_BASE_URL"
    ).stdout.split():
        if name not in ("README.md", ".env.example"):
            repeat(carved.path / name, r".*OUTBOUND_QUOTES_BASE_URL.*\n", "quote", "price")
    for command in ("migrate",), ("migration", "m=create customers"), ("migrate",), ("format",):
        carved.run("make", *command)
    return carved


@contextmanager
def provider() -> Iterator[str]:
    """Run the service that both copies of `quotes` call: it says what it was asked for."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"symbol": self.path.rpartition("/")[2], "price": 7}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...  # noqa: ANN401 - the library's own

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def send(address: Address, method: str, path: str, body: Any = None) -> tuple[HTTPResponse, Any]:  # noqa: ANN401 - JSON
    with closing(HTTPConnection(*address, timeout=30)) as connection:
        headers = {"Content-Type": "application/json"} if body else {}
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        return answer, json.loads(answer.read() or "null")


def test_a_copy_answers_with_its_own_addresses_beside_the_original(
    service: Carved, tmp_path: Path
) -> None:
    database = f"sqlite:///{tmp_path / 'copies.db'}"
    service.run(str(service.python), "-m", "app", "database", "upgrade", DATABASE_URL=database)
    with ExitStack() as stack:
        url = stack.enter_context(provider())
        replica = stack.enter_context(
            service.serve(
                DATABASE_URL=database,
                SECURITY_DOCS="true",
                OUTBOUND_QUOTES_BASE_URL=url,
                OUTBOUND_PRICES_BASE_URL=url,
            )
        )
        for plural in "notes", "customers":
            for title in ("first", "second", f"third of {plural}"):
                made, written = send(replica.address, "POST", f"/{plural}", {"title": title})
                assert made.status == 201
            assert made.headers["location"] == f"/{plural}/3"
            assert send(replica.address, "GET", made.headers["location"])[1] == written
            assert written["title"] == f"third of {plural}"
            _, page = send(replica.address, "GET", f"/{plural}")
            assert len(page[plural]) == 3
        for plural in "greetings", "welcomes":
            for answer, said in (
                send(replica.address, "GET", f"/{plural}/ada"),
                send(replica.address, "POST", f"/{plural}", {"names": ["ada"]}),
            ):
                assert (answer.status, said) == (200, {"text": "Hello, ada!"})
        for plural in "quotes", "prices":
            answer, said = send(replica.address, "GET", f"/{plural}/ABC")
            assert (answer.status, said["symbol"]) == (200, "ABC"), said
        _, schema = send(replica.address, "GET", "/openapi.json")
        operations = [
            it["operationId"] for path in schema["paths"].values() for it in path.values()
        ]
        assert len(operations) == len({*operations})
        assert {"read_note_notes__id__get", "read_customer_customers__id__get"} <= {*operations}
        assert replica.stop() == 0


def test_the_service_with_copies_passes_its_own_stages(service: Carved) -> None:
    service.run("make", "lint", "types")
    service.run("make", "test", "ARGS=-q")
