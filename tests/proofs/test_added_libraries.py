"""Libraries that instrument FastAPI, added to a carved service with the lines of its own page.

The lines are read from docs/develop.md of the service, so that the page cannot say others. Each
library is asked what it recorded, and the service's own id, log line, metrics and errors stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.proofs.added import LIBRARIES, add, bring, lines_of, tool
from tests.proofs.asked import ASKED, ERROR, FAIL, GREET, ORDER, ask, assert_own_wiring, of, scrape
from tests.proofs.carved import Carved, uv
from tests.proofs.received import Receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVER = 2
"""The kind of a span that serves a request; OTLP's figure."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Carved:
    """A service with a feature of its team's, and the libraries in its environment."""
    off = dict.fromkeys(("database", "cache", "outbound", "auth", "docker"), False)
    where = tmp_path_factory.mktemp("added")
    carved = Carved.make(where, **off, deployment="none", ci="none").sync()
    bring(carved, "shop")
    carved.run(uv(), "add", "--quiet", *LIBRARIES, "opentelemetry-exporter-otlp-proto-http")
    return carved


@pytest.fixture(scope="module")
def root(service: Carved) -> str:
    """The composition root as it was carved."""
    return (service.path / "app" / "main.py").read_text()


@pytest.fixture
def receiver(service: Carved) -> Iterator[Receiver]:
    with Receiver(service) as started:
        yield started


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


def test_opentelemetry_makes_spans_by_route_where_the_service_makes_none(
    service: Carved, root: str, receiver: Receiver
) -> None:
    bring(service, "provider")
    add(service, f"{root}\nimport app.provider\n", "opentelemetry.instrumentation.fastapi")
    collector = f"http://{receiver.address}/v1/traces"
    with service.serve(COLLECTOR=collector, METRICS_PORT="0") as replica:
        assert_own_wiring(replica, ask(replica))
        assert replica.ask("/livez").status == 200
        spans = receiver.wait(len(ASKED) + 1, lambda span: span["kind"] == SERVER)
        assert replica.stop() == 0
    asked = [*ASKED, ("/livez", "/livez", 200)]
    found = sorted((span["route"] or "", span["failed"]) for span in spans)
    assert found == sorted((route or "", status >= ERROR) for _, route, status in asked)


def test_a_metric_of_a_team_is_on_the_metrics_port_with_its_labels(
    service: Carved, root: str
) -> None:
    imports, statements = lines_of(service, "prometheus_client")
    (service.path / "app" / "counts.py").write_text(f"{imports}\n{statements}")
    add(service, f"{root}\nimport app.counts\n")
    with service.serve(METRICS_PORT="0") as replica:
        assert scrape(replica)['orders_total{channel="web"}'] == 1
        assert replica.stop() == 0
