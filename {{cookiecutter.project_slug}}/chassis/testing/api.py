"""Tests a service against its own OpenAPI document: schemathesis calls every operation."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

from schemathesis import Config, engine, openapi
from schemathesis.engine import events
from schemathesis.python.asgi import shutdown_lifespans
from starlette.testclient import TestClient

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from chassis.application import Application

__all__ = ["Exploration", "explore", "scopes"]

SUCCESSFUL = range(200, 300)
SECONDS = 300
"""Far more than it needs: only a hanging test is cut off."""
CONFIGURATION: dict[str, Any] = {
    "workers": 1,  # several are slower, and their writes at once wait for each other
    "generation": {"max-examples": 3, "deterministic": True},
    "phases": {"coverage": {"unexpected-methods": ["OPTIONS", "TRACE"]}},
    "checks": {  # beside their defaults: 412 and 428, which answer If-Match
        "positive_data_acceptance": {
            "expected-statuses": ["2xx", "401", "403", "404", "409", "412"]
        },
        "missing_required_header": {"expected-statuses": ["401", "403", "422", "428"]},
    },
}
"""Limits of the test cases, which are the same in each run."""


@dataclass
class Exploration:
    """The results of calling every operation."""

    findings: list[str] = field(default_factory=list)
    """Contradictions to the document, each with a curl command."""
    statuses: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    """The statuses of each operation, such as `GET /orders`."""
    types: set[str] = field(default_factory=set)
    """The types of problems."""

    @property
    def never_successful(self) -> list[str]:
        """Operations without a successful call: an example in their parameters may help."""
        return [name for name, seen in self.statuses.items() if seen.isdisjoint(SUCCESSFUL)]

    def record(self, event: events.EngineEvent) -> None:
        """Record an event."""
        if isinstance(event, events.NonFatalError):
            self.findings.append(f"{event.label}: {event.value}")
        elif isinstance(event, events.FatalError):
            raise event.exception
        elif isinstance(event, events.ScenarioFinished):
            self._record_scenario(event)

    def _record_scenario(self, event: events.ScenarioFinished) -> None:
        recorder = event.recorder
        for case_id, interaction in recorder.interactions.items():
            response, operation = interaction.response, recorder.cases[case_id].value.operation
            if response is not None:
                self.statuses[operation.label].add(response.status_code)
                if response.headers.get("content-type") == ["application/problem+json"]:
                    self.types.add(response.json()["type"])
        for case_id, checks in recorder.checks.items():
            for check in checks:
                if check.failure_info is not None:
                    curl = recorder.cases[case_id].value.as_curl_command()
                    self.findings.append(f"{check.failure_info.failure}\n{curl}")


def explore(app: Application, headers: Mapping[str, str]) -> Exploration:
    """Call every operation of a service in this process, with these headers.

    The data is valid and invalid, and taken from earlier responses where the document has links.
    """
    found = Exploration()
    schema = openapi.from_dict(
        app.openapi(), config=Config.from_dict({**CONFIGURATION, "headers": dict(headers)})
    )
    schema.app = app
    deadline = monotonic() + SECONDS
    try:
        for event in (stream := engine.from_schema(schema).execute()):
            found.record(event)
            if monotonic() > deadline:
                found.findings.append(f"not every case was sent within {SECONDS} s")
                stream.stop()
    finally:
        shutdown_lifespans()
    pages = TestClient(app)
    for kind in found.types - {"about:blank"}:
        if not pages.get(kind).is_success:
            found.findings.append(f"{kind}: this type of a problem has no page")
    return found


def scopes(app: Application) -> set[str]:
    """Return the scopes that operations require."""
    required = [
        scheme
        for path in app.openapi()["paths"].values()
        for operation in path.values()
        for scheme in operation.get("security", [])
    ]
    return {scope for scheme in required for names in scheme.values() for scope in names}
