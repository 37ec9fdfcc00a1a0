"""The pods are what the service expects and what a careful cluster accepts."""

from __future__ import annotations

import re  # if docker
from typing import Any

import pytest

from app.main import Production, Staging
from chassis.environment import SECRETS_DIR
from chassis.health import Health
from chassis.health.routes import PROBES
from chassis.kubernetes import ROOT  # if docker
from deploy.kubernetes.tests.objects import container, one, pod, workloads

SPARE = 5
"""Seconds that closing takes at most, as docs/operations.md says."""
DEPLOYMENT = one("Deployment")
CONTAINER = container(DEPLOYMENT)
everywhere = pytest.mark.parametrize(
    "workload", workloads(), ids=lambda it: f"{it['kind']} {container(it)['name']}"
)


@pytest.mark.parametrize("environment", [Production, Staging])
def test_a_pod_has_time_to_drain_before_it_is_killed(environment: type[Production]) -> None:
    server = environment.model_fields["server"].default
    sleep = CONTAINER["lifecycle"]["preStop"]["sleep"]["seconds"]
    needed = sleep + server.drain_seconds + server.grace_seconds + SPARE
    assert pod(DEPLOYMENT)["terminationGracePeriodSeconds"] >= needed


@pytest.mark.parametrize(
    ("probe", "path"),
    [("startupProbe", "/startupz"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")],
)
def test_each_probe_asks_the_path_made_for_it(probe: str, path: str) -> None:
    assert CONTAINER[probe]["httpGet"] == {"path": path, "port": "http"}
    assert path in PROBES


def test_a_probe_waits_longer_than_the_checks_may_take() -> None:
    for probe in ("startupProbe", "readinessProbe"):
        assert CONTAINER[probe]["timeoutSeconds"] > Health.model_fields["timeout_seconds"].default


def test_a_rollout_waits_longer_than_a_pod_may_take_to_start() -> None:
    startup = CONTAINER["startupProbe"]
    longest = startup["periodSeconds"] * startup["failureThreshold"]
    spec = DEPLOYMENT["spec"]
    assert spec["progressDeadlineSeconds"] > longest + spec["minReadySeconds"]


def test_the_ports_are_those_that_the_service_listens_on() -> None:
    ports = {it["name"]: it["containerPort"] for it in CONTAINER["ports"]}
    expected = {"http": Production.model_fields["server"].default.port}
    expected["metrics"] = Production.model_fields["metrics"].default.port  # if metrics
    assert ports == expected


def test_child_processes_whose_parent_has_ended_are_reaped() -> None:
    assert pod(DEPLOYMENT)["shareProcessNamespace"]


def test_no_replica_is_taken_away_before_another_one_serves() -> None:
    assert DEPLOYMENT["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    assert DEPLOYMENT["spec"]["minReadySeconds"] > 0


@everywhere
def test_a_pod_meets_the_restricted_standard_and_more(workload: dict[str, Any]) -> None:
    spec, inner = pod(workload), container(workload)["securityContext"]
    context = spec["securityContext"]
    assert context["runAsNonRoot"]
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert inner["allowPrivilegeEscalation"] is False
    assert inner["readOnlyRootFilesystem"] is True
    assert inner["capabilities"] == {"drop": ["ALL"]}
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    assert context["runAsUser"] == context["runAsGroup"] == context["fsGroup"] == 10001
    image = (ROOT / "Dockerfile").read_text("utf-8")  # if docker
    assert re.findall(r"^USER (\d+)", image, re.MULTILINE)[-1] == "10001"  # if docker


@everywhere
def test_memory_is_limited_and_cpu_is_not(workload: dict[str, Any]) -> None:
    resources = container(workload)["resources"]
    assert set(resources["requests"]) == {"cpu", "memory"}
    assert set(resources["limits"]) == {"memory"}


@everywhere
def test_settings_and_secrets_come_by_reference_to_where_the_service_looks(
    workload: dict[str, Any],
) -> None:
    inner = container(workload)
    assert "env" not in inner
    assert [list(it) for it in inner["envFrom"]] == [["configMapRef"]]
    mounts = {it["name"]: it for it in inner["volumeMounts"]}
    volumes = {it["name"]: it for it in pod(workload)["volumes"]}
    assert mounts.keys() == volumes.keys()
    assert mounts["secrets"]["mountPath"] == SECRETS_DIR
    assert mounts["secrets"]["readOnly"]
    assert mounts["tmp"]["mountPath"] == "/tmp"  # noqa: S108 - the pod's own
    assert "emptyDir" in volumes["tmp"]
