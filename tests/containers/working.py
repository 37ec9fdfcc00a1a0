"""What is seen of a stack that works: by the engine, from outside, by its Prometheus."""

from __future__ import annotations

import time
from typing import Any

from tests.containers.stack import Stack, ask, inspect
from tests.proofs.load import Address

JSON = {"Content_Type": "application/json"}


def services(stack: Stack) -> dict[str, dict[str, Any]]:
    """What the engine knows of each container, by service."""
    known = map(inspect, stack.containers())
    return {it["Config"]["Labels"]["com.docker.compose.service"]: it for it in known}


def assert_works(stack: Stack) -> None:
    """Assert that every container is healthy, answers from outside, and is migrated."""
    for name, state in services(stack).items():
        if name == "migrate":
            assert (state["State"]["Status"], state["State"]["ExitCode"]) == ("exited", 0)
        else:
            assert state["State"]["Health"]["Status"] == "healthy", name
    assert ask(stack.address, "/greetings/ada").body == '{"text":"Hello, ada!"}'
    assert ask(stack.address, "/version").json()["name"] == "orders"
    if (stack.path / "app" / "notes").exists():
        written = ask(stack.address, "/notes", "POST", f'{{"title": "{time.time()}"}}', **JSON)
        assert written.status == 201, written


def query_prometheus(stack: Stack, path: str) -> Any:  # noqa: ANN401 - JSON is anything
    """What its Prometheus answers."""
    host, _, port = stack.compose("port", "prometheus", "9090").strip().rpartition(":")
    return ask(Address(host, int(port)), f"/api/v1/{path}").json()["data"]


def is_scraped(stack: Stack) -> bool:
    """Return whether Prometheus has scraped the one replica."""
    found = query_prometheus(stack, "query?query=up")["result"]
    return [(it["metric"]["job"], it["value"][1]) for it in found] == [("orders", "1")]
