"""Tests a service against its own OpenAPI document: schemathesis calls every operation."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from schemathesis import Config, engine, openapi
from schemathesis.engine import events
from schemathesis.python.asgi import shutdown_lifespans
from starlette.testclient import TestClient

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from schemathesis import Case
    from schemathesis.core.failures import Failure

    from chassis.application import Application

__all__ = ["Exploration", "explore", "scopes"]

SUCCESSFUL = range(200, 300)
CONFIGURATION: dict[str, Any] = {
    "workers": 1,  # several are slower, and their writes at once wait for each other
    "generation": {"max-examples": 3, "deterministic": True},
    "phases": {"coverage": {"unexpected-methods": ["OPTIONS", "TRACE"]}},
    "checks": {  # beside their defaults: 412 and 428, which answer If-Match; 5xx has a check itself
        "positive_data_acceptance": {
            "expected-statuses": ["2xx", "401", "403", "404", "409", "412", "5xx"]
        },
        "missing_required_header": {"expected-statuses": ["401", "403", "422", "428"]},
    },
}
"""Limits of the test cases, which are the same in each run."""
UNDOCUMENTED = "the document says something else. Correct response_model= or responses=."
CAUSES = {
    "Schema-violating request accepted": "pydantic converts the value, such as 0 to a bool or "
    "false to a float. Declare the field as StrictBool, StrictFloat or StrictInt of pydantic.",
    "Schema-valid request rejected": "the route refuses more than the document says. Give the "
    "field or parameter that limit: max_length=, ge=, pattern=.",
    "Server error": "the error is in the log below. A value that the code or a column cannot take "
    "needs a limit at its field: max_length=, le=, pattern=.",
    "Undocumented status code": UNDOCUMENTED,
    "Undocumented Content-Type": UNDOCUMENTED,
    "Missing required response headers": UNDOCUMENTED,
    "Response violates schema": UNDOCUMENTED,
}
"""By the title of a finding, its likely cause and what to do."""
NEVER_SUCCESSFUL = "a parameter needs a value that exists. Show one: Path(examples=[1])."


@dataclass
class Exploration:
    """The results of calling every operation."""

    findings: list[str] = field(default_factory=list)
    """Contradictions to the document, each once for an operation, with a curl command."""
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
                    failure, case = check.failure_info.failure, recorder.cases[case_id].value
                    self._record_failure(f"{case.operation.label}: {failure.title}", failure, case)

    def _record_failure(self, headline: str, failure: Failure, case: Case[Any]) -> None:
        if any(it.startswith(f"{headline}\n") for it in self.findings):
            return
        lines = [headline, *failure.message.splitlines(), case.as_curl_command()]
        if cause := CAUSES.get(failure.title):
            lines.append(f"Likely: {cause}")
        self.findings.append("\n  ".join(filter(None, lines)))

    def report(self) -> str:
        """Return what is wrong, and its likely causes; nothing if the document is kept."""
        never = [
            f"{name}: no call of it succeeded\n  Likely: {NEVER_SUCCESSFUL}"
            for name in self.never_successful
            if not any(it.startswith(f"{name}: ") for it in self.findings)
        ]
        return "\n".join([*self.findings, *never])


def explore(app: Application, headers: Mapping[str, str]) -> Exploration:
    """Call every operation of a service in this process, with these headers.

    The data is valid and invalid, and taken from earlier responses where the document has links.
    """
    found = Exploration()
    schema = openapi.from_dict(
        app.openapi(), config=Config.from_dict({**CONFIGURATION, "headers": dict(headers)})
    )
    schema.app = app
    try:
        for event in engine.from_schema(schema).execute():
            found.record(event)
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
