"""The worker is the service with another command, and time to finish its jobs."""

from __future__ import annotations

import pytest

from app.main import Production, Staging
from deploy.kubernetes.tests.objects import container, one, pod
from deploy.kubernetes.tests.test_pods import SPARE

SERVICE, WORKER = one("Deployment"), one("Deployment", "worker")
SAME = ("image", "ports", "envFrom", "volumeMounts")
PROBES = ("startupProbe", "livenessProbe", "readinessProbe")


def test_it_is_the_service_with_another_command() -> None:
    its, the_service = container(WORKER), container(SERVICE)
    assert its["command"] == ["python", "-m", "app", "worker"]
    for name in (*SAME, *PROBES):
        assert its[name] == the_service[name], name


@pytest.mark.parametrize("environment", [Production, Staging])
def test_its_jobs_have_time_to_finish_before_it_is_killed(environment: type[Production]) -> None:
    grace = environment.model_fields["server"].default.grace_seconds
    assert pod(WORKER)["terminationGracePeriodSeconds"] >= grace + SPARE


def test_jobs_reach_what_requests_reach_and_nobody_sends_them_requests() -> None:
    policy = one("NetworkPolicy", "worker")["spec"]
    assert policy["egress"] == one("NetworkPolicy")["spec"]["egress"]
    ports = [it["port"] for rule in policy.get("ingress", []) for it in rule["ports"]]
    assert "http" not in ports
