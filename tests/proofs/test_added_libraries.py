"""Libraries that instrument FastAPI, added to a carved service with the lines of its own page.

The lines are read from docs/operations.md of the service, so that the page cannot say others. Each
library is asked what it recorded, and the service's own id, log line, metrics and errors stay.
"""

from __future__ import annotations

import json
import re
import subprocess
import threading
import time
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest

from tests.proofs.carved import Answer, Carved, Replica, clean, uv

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RECEIVING = str(Path(__file__).with_name("receiving.py"))
PATIENCE = 30.0
SERVER = 2
"""The kind of a span that serves a request; OTLP's figure."""
ERROR = 500
LIBRARIES = {
    "starlette-exporter": "starlette_exporter",
    "prometheus-fastapi-instrumentator": "prometheus_fastapi_instrumentator",
    "sentry-sdk": "sentry_sdk",
    "opentelemetry-instrumentation-fastapi": "opentelemetry.instrumentation.fastapi",
}
"""What the page says how to add, and the name under which each is imported."""

SHOP = '''"""A team's feature: routers in routers, parameters in the path, and an error."""

import logging

from fastapi import APIRouter

from chassis.problems import Problem
from chassis.service import Feature, Service


class Shop(Feature):
    """Orders of customers."""

    def install(self, service: Service) -> None:
        """Pin the routes."""
        customers = APIRouter(prefix="/customers/{customer}")

        @customers.get("/orders/{order}")
        async def read(order: int) -> int:
            if not order:
                raise Problem(404)
            return order

        @customers.get("/fail")
        def fail() -> None:
            raise RuntimeError("unexpected")

        everything = APIRouter(prefix="/v1")
        everything.include_router(customers)
        service.routers.append(everything)
        # Another reader of the access lines: they go through every handler then.
        logging.getLogger("app.access").addHandler(logging.NullHandler())
'''
ORDER = "/v1/customers/{customer}/orders/{order}"
FAIL = "/v1/customers/{customer}/fail"
GREET = "/greetings/{name}"
ASKED = [
    ("/v1/customers/ada/orders/7", ORDER, 200),
    ("/v1/customers/ada/orders/8", ORDER, 200),
    ("/v1/customers/ada/orders/0", ORDER, 404),
    ("/v1/customers/ada/fail", FAIL, 500),
    ("/greetings/ada", GREET, 200),
    ("/nowhere/ada", None, 404),
]
"""Paths, their routes, and the statuses that they are answered with."""


class Receiver:
    """Takes spans and envelopes for the time of a `with` block."""

    def __init__(self, service: Carved) -> None:
        """Run in that service's environment."""
        self.service = service
        self.items: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        """Start it."""
        self.process = subprocess.Popen(
            [self.service.python, RECEIVING], env=clean(), stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        self.address = self.process.stdout.readline().strip()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()
        self._reader.join()
        assert self.process.stdout
        self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.items.append(json.loads(line))

    def wait(self, number: int, wanted: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        """Wait for so many items that are wanted; give all of them."""
        end = time.monotonic() + PATIENCE
        while len(found := [item for item in self.items if wanted(item)]) < number:
            assert time.monotonic() < end, "\n".join(str(item)[:200] for item in self.items)
            time.sleep(0.05)
        return found


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Carved:
    """A service with a feature of its team's, and the libraries in its environment."""
    off = dict.fromkeys(("database", "cache", "outbound", "auth", "docker"), False)
    where = tmp_path_factory.mktemp("added")
    carved = Carved.make(where, **off, deployment="none", ci="none").sync()
    (carved.path / "app" / "shop.py").write_text(SHOP)
    carved.run(uv(), "add", "--quiet", *LIBRARIES)
    return carved


@pytest.fixture(scope="module")
def root(service: Carved) -> str:
    """The composition root as it was carved."""
    return (service.path / "app" / "main.py").read_text()


@pytest.fixture
def receiver(service: Carved) -> Iterator[Receiver]:
    with Receiver(service) as started:
        yield started


def lines_of(service: Carved, module: str) -> tuple[str, str]:
    """Read from the page the imports that a library needs, and the statements."""
    page = (service.path / "docs" / "operations.md").read_text()
    blocks = re.findall(r"^```python\n(.+?)^```$", page, re.MULTILINE | re.DOTALL)
    (block,) = (
        b for b in blocks if re.search(rf"^(from|import) {re.escape(module)}\b", b, re.MULTILINE)
    )
    imports, _, statements = block.partition("\n\n")
    return f"{imports}\n", statements


def add(service: Carved, root: str, *modules: str) -> None:
    """Put the feature into the composition root, and the lines of libraries where the page says."""
    imports, statements = "from app.shop import Shop\n", ""
    for module in modules:
        imported, stated = lines_of(service, module)
        imports, statements = imports + imported, statements + stated
    loop = "    for _, feature in settings.features():\n"
    field = "    greetings: Greetings = Greetings()\n"
    first = "from typing import ClassVar\n"
    text = root
    for before, after in (
        (first, first + imports),
        (field, f"{field}    shop: Shop = Shop()\n"),
        (loop, re.sub(r"^(?=.)", "    ", statements, flags=re.MULTILINE) + loop),
    ):
        assert text.count(before) == 1
        text = text.replace(before, after)
    path = service.path / "app" / "main.py"
    path.write_text(text)
    service.run(tool(service, "ruff"), "check", "--quiet", "--select=I", "--fix", str(path))


def tool(service: Carved, name: str) -> str:
    """Path of a program in the service's environment."""
    return str(service.python.with_name(name))


def ask(replica: Replica) -> list[Answer]:
    """Send the requests."""
    return [replica.ask(path) for path, _, _ in ASKED]


def assert_own_wiring(replica: Replica, answers: list[Answer]) -> None:
    """Look at what the service itself makes of each request, whatever was added."""
    end = time.monotonic() + PATIENCE
    while sum(of(counted := scrape(replica), "http_requests_total").values()) < len(ASKED):
        assert time.monotonic() < end, counted
        time.sleep(0.05)
    replica.said("GET (no route) 404")
    for (path, route, status), answer in zip(ASKED, answers, strict=True):
        assert answer.status == status
        head = dict(line.split(": ", 1) for line in answer.head.splitlines() if line)
        named = {"http.route": route} if route else {"url.path": path}
        (line,) = (
            line
            for line in replica.lines
            if line["logger"] == "app.access" and line["request_id"] == head["x-request-id"]
        )
        assert line.items() >= {**named, "http.response.status_code": status}.items()
        if status >= 400:
            assert head["content-type"] == "application/problem+json"
            assert json.loads(answer.body)["request_id"] == head["x-request-id"]
        labels = f'method="GET",route="{route or "unmatched"}",status="{status}"'
        same = [r == route and s == status for _, r, s in ASKED]
        assert counted[f"http_requests_total{{{labels}}}"] == sum(same)
    assert counted["http_requests_in_flight"] == 0
    errors = [line for line in replica.lines if line["message"] == "unhandled exception"]
    assert [error["exception.type"] for error in errors] == ["RuntimeError"]


def scrape(replica: Replica) -> dict[str, float]:
    """Read the metrics port: a series -> its value."""
    address = replica.said("metrics are at")["message"].split("//")[1].removesuffix("/metrics")
    with closing(HTTPConnection(address, timeout=PATIENCE)) as connection:
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
    names = re.findall(r"^# TYPE (\S+)", text, re.MULTILINE)
    assert len(names) == len(set(names)), "a metric is there twice"
    rows = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {series: float(value) for series, value in rows}


def of(metrics: dict[str, float], name: str) -> dict[str, float]:
    """Give the series of one metric by their labels, probes left out."""
    found = [re.fullmatch(rf"{name}{{(.*)}}", series) for series in metrics]
    return {match[1]: metrics[match[0]] for match in found if match and "readyz" not in match[1]}


def test_the_lines_of_the_page_pass_the_checks_of_the_service(service: Carved, root: str) -> None:
    add(service, root, *LIBRARIES.values())
    main = str(service.path / "app" / "main.py")
    service.run(tool(service, "ruff"), "check", main)
    service.run(tool(service, "ruff"), "format", "--check", main)
    service.run(tool(service, "mypy"), main)


def test_starlette_exporter_counts_requests_by_route(service: Carved, root: str) -> None:
    add(service, root, "starlette_exporter")
    with service.serve(METRICS_PORT="0") as replica:
        assert_own_wiring(replica, ask(replica))
        counted = of(scrape(replica), "starlette_requests_total")
        assert replica.stop() == 0
    assert counted == {
        f'app_name="starlette",method="GET",path="{ORDER}",status_code="200"': 2,
        f'app_name="starlette",method="GET",path="{ORDER}",status_code="404"': 1,
        f'app_name="starlette",method="GET",path="{FAIL}",status_code="500"': 1,
        f'app_name="starlette",method="GET",path="{GREET}",status_code="200"': 1,
    }


def test_prometheus_fastapi_instrumentator_counts_requests_by_route(
    service: Carved, root: str
) -> None:
    add(service, root, "prometheus_fastapi_instrumentator")
    with service.serve(METRICS_PORT="0") as replica:
        assert_own_wiring(replica, ask(replica))
        counted = of(scrape(replica), "app_http_requests_total")
        assert not [line for line in replica.lines if "is left out" in line["message"]]
        assert replica.stop() == 0
    assert counted == {
        f'handler="{ORDER}",method="GET",status="2xx"': 2,
        f'handler="{ORDER}",method="GET",status="4xx"': 1,
        f'handler="{FAIL}",method="GET",status="5xx"': 1,
        f'handler="{GREET}",method="GET",status="2xx"': 1,
        'handler="none",method="GET",status="4xx"': 1,
    }


def test_sentry_gets_transactions_by_route_and_one_event_for_an_unhandled_error(
    service: Carved, root: str, receiver: Receiver
) -> None:
    add(service, root, "sentry_sdk")
    dsn = f"http://key@{receiver.address}/1"
    with service.serve(SENTRY_DSN=dsn, METRICS_PORT="0") as replica:
        assert_own_wiring(replica, ask(replica))
        transactions = receiver.wait(len(ASKED), lambda item: item["type"] == "transaction")
        assert replica.stop() == 0
    named = [
        (content["transaction"], content["transaction_info"]["source"])
        for content in (transaction["content"] for transaction in transactions)
    ]
    routes = [route for _, route, _ in ASKED if route]
    assert sorted(name for name, source in named if source == "route") == sorted(routes)
    (event,) = (item["content"] for item in receiver.items if item["type"] == "event")
    (error,) = event["exception"]["values"]
    assert (event["transaction"], event["environment"]) == (FAIL, "test")
    assert (error["type"], error["value"]) == ("RuntimeError", "unexpected")
    assert error["mechanism"]["handled"] is False
    assert not any("vars" in frame for frame in error["stacktrace"]["frames"])


def test_opentelemetry_makes_spans_by_route_below_those_of_the_service(
    service: Carved, root: str, receiver: Receiver
) -> None:
    add(service, root, "opentelemetry.instrumentation.fastapi")
    traced = {"TRACING_ENDPOINT": f"http://{receiver.address}", "TRACING_RATIO": "1"}
    with service.serve(**traced, METRICS_PORT="0") as replica:
        assert_own_wiring(replica, ask(replica))
        assert replica.stop() == 0
    ours = receiver.wait(len(ASKED), lambda span: span["kind"] == SERVER)
    routes = {span["span"]: span["route"] for span in ours}
    assert len(routes) == len(ASKED)
    theirs = receiver.wait(
        len(ASKED),
        lambda span: span["library"] in LIBRARIES.values() and not span["name"].endswith(" send"),
    )
    found = sorted((span["route"] or "", span["failed"]) for span in theirs)
    assert found == sorted((route or "", status >= ERROR) for _, route, status in ASKED)
    assert [routes[span["parent"]] for span in theirs] == [span["route"] for span in theirs]


def test_a_metric_of_a_team_is_on_the_metrics_port_with_its_labels(
    service: Carved, root: str
) -> None:
    imports, statements = lines_of(service, "prometheus_client")
    (service.path / "app" / "counts.py").write_text(f"{imports}\n{statements}")
    add(service, f"{root}\nimport app.counts\n")
    with service.serve(METRICS_PORT="0") as replica:
        assert scrape(replica)['orders_total{channel="web"}'] == 1
        assert replica.stop() == 0
