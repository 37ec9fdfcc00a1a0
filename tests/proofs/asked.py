"""The requests that libraries are to record, and what the service itself makes of each."""

from __future__ import annotations

import json
import re
import time
from contextlib import closing
from http.client import HTTPConnection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.proofs.carved import Answer, Replica

TIMEOUT = 30.0
ERROR = 500
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


def ask(replica: Replica) -> list[Answer]:
    """Send the requests."""
    return [replica.ask(path) for path, _, _ in ASKED]


def assert_own_wiring(replica: Replica, answers: list[Answer]) -> None:
    """Look at what the service itself makes of each request, whatever was added."""
    end = time.monotonic() + TIMEOUT
    while (
        sum(of(counted := scrape(replica), "http_requests_total").values()) < len(ASKED)
        or counted["http_requests_in_flight"]  # what runs after the response is not over yet
    ):
        assert time.monotonic() < end, counted
        time.sleep(0.05)
    replica.wait_for_line("GET (no route) 404")
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
    url: str = replica.wait_for_line("serving metrics")["url"]
    address = url.split("//")[1].removesuffix("/metrics")
    with closing(HTTPConnection(address, timeout=TIMEOUT)) as connection:
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
