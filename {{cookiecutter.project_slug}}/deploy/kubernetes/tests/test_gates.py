"""What decides about a release, and the alerts that watch it, are about the service's figures."""

from __future__ import annotations

import re

import yaml

from chassis.health.routes import PROBES
from chassis.kubernetes.rules import RULES, prometheus_rule
from chassis.metrics.exchanges import ExchangeCollector
from deploy.kubernetes.tests.objects import one

ROLLOUT = "overlays/argo-rollouts/rollout"


def test_gates_ask_for_figures_that_the_service_has() -> None:
    families = ExchangeCollector((1.0,), 1).families()
    shown = "".join(it.text() for it in families)
    for metric in one("AnalysisTemplate", ROLLOUT)["spec"]["metrics"]:
        query = metric["provider"]["prometheus"]["query"]
        asked = re.findall(r"\b(http_\w+?)(?:_bucket)?\{", query)
        assert asked
        assert [name for name in asked if f"# TYPE {name} " not in shown] == []


def test_gates_do_not_count_health_checks() -> None:
    spec = one("AnalysisTemplate", ROLLOUT)["spec"]
    (probes,) = (it["value"] for it in spec["args"] if it["name"] == "probes")
    assert set(probes.split("|")) == set(PROBES)


def test_a_gate_without_data_neither_passes_nor_fails() -> None:
    for metric in one("AnalysisTemplate", ROLLOUT)["spec"]["metrics"]:
        conditions = metric["successCondition"], metric["failureCondition"]
        assert all(it.startswith("len(result) > 0 && ") for it in conditions)
        assert metric["inconclusiveLimit"] >= metric["count"] > metric["consecutiveSuccessLimit"]
        assert "{{args.requests}}" in metric["provider"]["prometheus"]["query"]


def test_the_alerts_are_those_of_the_files() -> None:
    monitor = {"kind": "ServiceMonitor", "metadata": {"name": "a", "namespace": "b"}}
    rule = next(yaml.safe_load_all(prometheus_rule(yaml.safe_dump(monitor))))
    assert rule["metadata"] == monitor["metadata"]
    files = [yaml.safe_load(path.read_text("utf-8")) for path in sorted(RULES.glob("*.yaml"))]
    assert rule["spec"]["groups"] == [group for file in files for group in file["groups"]]
