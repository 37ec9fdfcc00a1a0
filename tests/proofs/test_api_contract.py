"""The API as a contract: openapi.json, a client generated from it, and load, on a real process."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.proofs.carved import Carved, uv
from tests.proofs.json_server import serve_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proofs.carved import Replica

GENERATOR = "openapi-python-client==0.29.1"
CALLER = Path(__file__).with_name("typed_client.py")
KEY = "a key of at least thirty-two bytes"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Carved:
    carved = Carved.make(tmp_path_factory.mktemp("service")).sync()
    carved.run("make", "openapi")
    return carved


@pytest.fixture
def replica(service: Carved, tmp_path: Path) -> Iterator[Replica]:
    database = f"sqlite:///{tmp_path / 'contract.db'}"
    service.run(str(service.python), "-m", "app", "database", "upgrade", DATABASE_URL=database)
    with (
        serve_json(lambda _: {"symbol": "ABC", "price": 7.5}) as url,
        service.serve(
            DATABASE_URL=database,
            OUTBOUND_QUOTES_BASE_URL=url,
            AUTH_SECRET_KEY=KEY,
            METRICS_PORT="0",
        ) as replica,
    ):
        yield replica


def url(replica: Replica) -> str:
    return f"http://{replica.address.host}:{replica.address.port}"


def test_a_typed_client_that_is_generated_calls_every_operation(
    service: Carved, replica: Replica, tmp_path: Path
) -> None:
    package = tmp_path / "orders_client"
    generate = ("openapi-python-client", "generate", "--meta", "none", "--path", "openapi.json")
    tool = (uv(), "tool", "run", "--quiet", "--with", "ruff", "--from", GENERATOR)
    said = service.run(*tool, *generate, "--output-path", str(package)).stdout
    assert "warning" not in said.lower(), said
    sign = ("-m", "app", "auth", "token", "--subject", "ada")
    token = service.run(str(service.python), *sign, AUTH_SECRET_KEY=KEY).stdout.strip()
    call = (uv(), "run", "--quiet", "--no-project", "--with", "httpx", "--with", "attrs", "python")
    calls = service.run(*call, str(CALLER), url(replica), token, PYTHONPATH=str(tmp_path))
    paths = json.loads((service.path / "openapi.json").read_text("utf-8"))["paths"]
    known = {it["operationId"] for path in paths.values() for it in path.values()}
    assert set(calls.stdout.split()) == known
    files = len([*package.rglob("*.py")])
    print(f"A1 typed client: {len(known)} operations called, {files} files")  # noqa: T201 - a figure


def test_the_load_of_the_examples_runs_without_a_failure(service: Carved, replica: Replica) -> None:
    load = ("make", "load", f"HOST={url(replica)}", "ARGS=--users 4 --spawn-rate 4 --run-time 20s")
    said = service.run(*load).stdout
    found = re.search(r"Aggregated +(\d+) +(\d+)\(", said)
    assert found, said
    assert int(found[1]) > 0, said
    assert int(found[2]) == 0, said
    assert {"/greetings/{name}", "/notes"} <= set(re.findall(r" (/\S+) ", said)), said
    print(f"A2 load: {found[1]} requests, {found[2]} failed")  # noqa: T201 - a figure


def test_features_that_come_and_go_leave_openapi_json_as_the_api_is(service: Carved) -> None:
    check = ("-m", "pytest", "-q", "tests/test_documents.py", "-k", "openapi_json")
    service.run("make", "feature", "NAME=customers")
    assert "/customers" in (service.path / "openapi.json").read_text("utf-8")
    service.run(str(service.python), *check)
    service.run("make", "remove-examples", "ARGS=--force")
    text = (service.path / "openapi.json").read_text("utf-8")
    assert "/customers" in text
    assert "/greetings" not in text
    service.run(str(service.python), *check)
    (service.path / "openapi.json").write_text(text.replace("customers", "clients"), "utf-8")
    with pytest.raises(AssertionError, match="stale, run: make openapi"):
        service.run(str(service.python), *check)
