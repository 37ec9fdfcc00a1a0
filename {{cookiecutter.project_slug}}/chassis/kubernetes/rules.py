"""Wraps the alerts of monitoring/rules, unchanged, into the object that the operator reads.

Kustomize cannot do that, and a copy of the rules could get out of date.
"""

from __future__ import annotations

from typing import Any

import yaml

from chassis.kubernetes import ROOT

RULES = ROOT / "monitoring" / "rules"


def prometheus_rule(rendered: str) -> str:
    """Return the alerts as YAML, with name and namespace of the rendered ServiceMonitor."""
    monitors = (it for it in yaml.safe_load_all(rendered) if it["kind"] == "ServiceMonitor")
    rule = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": next(monitors)["metadata"],
        "spec": {"groups": groups()},
    }
    return "---\n" + yaml.safe_dump(rule, sort_keys=False, allow_unicode=True)


def groups() -> list[dict[str, Any]]:
    """Return every group of rules, in the order of their files."""
    files = (yaml.safe_load(path.read_text("utf-8")) for path in sorted(RULES.glob("*.yaml")))
    return [group for file in files for group in file["groups"]]
