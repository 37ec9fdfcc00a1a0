"""Objects that belong together agree: selectors, ports, replicas, gates."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.kubernetes.tests.objects import container, objects, one, workloads

DEPLOYMENT = one("Deployment")
LABELS = DEPLOYMENT["spec"]["template"]["metadata"]["labels"]
SELECTORS = {
    f"{it['kind']} {it['metadata']['name']}": it
    for it in objects("base")
    if it["kind"] in {"Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy"}
}


def selector(it: dict[str, Any]) -> dict[str, str]:
    spec = it["spec"]
    chosen: dict[str, Any] = spec.get("selector") or spec.get("podSelector")
    return dict(chosen.get("matchLabels", chosen))


def matches(labels: dict[str, str], chosen: dict[str, str]) -> bool:
    return chosen.items() <= labels.items()


@pytest.mark.parametrize("name", SELECTORS)
def test_every_selector_finds_the_pods_of_the_service_and_no_others(name: str) -> None:
    for workload in workloads():
        labels = workload["spec"]["template"]["metadata"]["labels"]
        assert matches(labels, selector(SELECTORS[name])) == (workload == DEPLOYMENT)


def test_pods_are_spread_over_hosts_and_zones() -> None:
    spread = DEPLOYMENT["spec"]["template"]["spec"]["topologySpreadConstraints"]
    assert {it["topologyKey"] for it in spread} == {
        "kubernetes.io/hostname",
        "topology.kubernetes.io/zone",
    }
    assert all(matches(LABELS, it["labelSelector"]["matchLabels"]) for it in spread)


def test_named_ports_are_ports_of_the_container() -> None:
    ports = {it["name"] for it in container(DEPLOYMENT)["ports"]}
    services = [it for it in objects("base") if it["kind"] == "Service"]
    assert {it["targetPort"] for service in services for it in service["spec"]["ports"]} <= ports
    rules = one("NetworkPolicy")["spec"]["ingress"]
    assert {it["port"] for rule in rules for it in rule["ports"]} == ports


def test_the_route_leads_to_the_service() -> None:
    (backend,) = one("HTTPRoute")["spec"]["rules"][0]["backendRefs"]
    services = {it["metadata"]["name"]: it for it in objects("base") if it["kind"] == "Service"}
    ports = services[backend["name"]]["spec"]["ports"]
    assert [it["name"] for it in ports if it["port"] == backend["port"]] == ["http"]


def test_the_autoscaler_alone_decides_about_replicas_and_a_node_can_be_drained() -> None:
    scaler = one("HorizontalPodAutoscaler")["spec"]
    target = scaler["scaleTargetRef"]
    assert (target["kind"], target["name"]) == ("Deployment", DEPLOYMENT["metadata"]["name"])
    assert "replicas" not in DEPLOYMENT["spec"]
    assert 1 <= one("PodDisruptionBudget")["spec"]["maxUnavailable"] < scaler["minReplicas"]
    assert scaler["minReplicas"] < scaler["maxReplicas"]


def test_every_service_is_reached_in_both_families() -> None:
    folders = ("base", "overlays/argo-rollouts/blue-green", "overlays/argo-rollouts/canary")
    services = [it for folder in folders for it in objects(folder) if it["kind"] == "Service"]
    assert {it["spec"]["ipFamilyPolicy"] for it in services} == {"PreferDualStack"}


@pytest.mark.parametrize(
    "folder",
    [
        "base",
        "migration",  # if database
        "worker",  # if jobs
    ],
)
def test_what_is_not_allowed_is_denied_in_both_directions(folder: str) -> None:
    for policy in (it for it in objects(folder) if it["kind"] == "NetworkPolicy"):
        assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
        for rule in policy["spec"].get("ingress", []):
            assert rule["from"]
            assert rule["ports"]
        names = policy["spec"]["egress"][0]
        assert {it["port"] for it in names["ports"]} == {53}
        assert {"ipBlock": {"cidr": "169.254.20.10/32"}} in names["to"], "the node's own cache"
        assert all(rule["ports"] for rule in policy["spec"]["egress"])
