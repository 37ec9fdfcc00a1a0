"""Every expression of every rule and panel has an answer in a real Prometheus of a real service."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.monitoring import JOB, drawn, judged, names, rules
from tests.proofs.servers import free_port
from tests.proofs.watched import watched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proofs.carved import Carved
    from tests.proofs.watched import Prometheus

TIMEOUT = 60.0
"""Seconds after which a question without an answer has none."""


@pytest.fixture(scope="module")
def prometheus(everything: Carved) -> Iterator[Prometheus]:
    """Watches a service with everything it may depend on, under a light load."""
    with watched(everything, [free_port()]) as scene:
        yield scene.prometheus
        assert scene.load.sent
        assert not scene.load.failed


def test_every_expression_of_rules_and_panels_has_an_answer(
    prometheus: Prometheus, everything: Carved
) -> None:
    questions = [*judged(everything.path), *drawn(everything.path)]
    open_ = questions
    began = time.monotonic()
    while open_ and time.monotonic() - began < TIMEOUT:
        open_ = [question for question in open_ if not prometheus.has_result(question)]
        time.sleep(0.2 if open_ else 0)
    assert not open_, "\n".join(f"{where}: {expr}" for where, expr in open_)
    seconds = time.monotonic() - began
    print(f"{len(questions)} expressions have an answer after {seconds:.1f} s")  # noqa: T201 - the figures


def test_every_metric_that_is_asked_for_exists(prometheus: Prometheus, everything: Carved) -> None:
    known = set(prometheus.ask("label/__name__/values"))
    asked = [*judged(everything.path), *drawn(everything.path)]
    assert [(it, name) for it in asked for name in names(it.expr) if name not in known] == []


def test_every_rule_is_evaluated_and_a_healthy_service_alarms_nobody(
    prometheus: Prometheus, everything: Carved
) -> None:
    groups = prometheus.ask("rules")["groups"]
    evaluated = [rule for group in groups for rule in group["rules"]]
    assert len(evaluated) == len(list(rules(everything.path)))
    assert [rule for rule in evaluated if rule["health"] != "ok"] == []
    alarms = prometheus.ask("alerts")["alerts"]
    assert [alert for alert in alarms if alert["state"] == "firing"] == []
    assert {target["labels"]["job"] for target in prometheus.ask("targets")["activeTargets"]} == {
        JOB
    }
