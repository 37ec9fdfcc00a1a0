"""The manifests of a carved service, rendered and put together as a cluster would get them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.template import MANIFEST, carve, run

if TYPE_CHECKING:
    from pathlib import Path

OFF = {name: False for name, default in MANIFEST.items() if default is True}
KINDS_OF_PODS = ("Deployment", "Job")
OVERLAYS = ["staging", "production", "gateway", "argo-rollouts/blue-green", "argo-rollouts/canary"]
overlays = pytest.mark.parametrize("overlay", OVERLAYS)
Objects = list[dict[str, Any]]
NAMESPACE = "kubernetes.io/metadata.name"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return validated(
        carve(tmp_path_factory.mktemp("whole") / "orders", deployment="kubernetes", jobs=True)
    )


@pytest.fixture(scope="module")
def smallest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("smallest") / "orders"
    return validated(carve(where, deployment="kubernetes", **OFF))


def validated(service: Path) -> Path:
    ended = run("python", "-m", "chassis.kubernetes.validate", cwd=service)
    assert ended.returncode == 0, ended.stderr
    return service


def rendered(service: Path, overlay: str) -> Objects:
    path = service / "build" / "kubernetes" / f"{overlay}.yaml"
    return list(yaml.safe_load_all(path.read_text("utf-8")))


def kinds(objects: Objects, kind: str) -> Objects:
    return [it for it in objects if it["kind"] == kind]


def one(objects: Objects, kind: str) -> dict[str, Any]:
    (found,) = kinds(objects, kind)
    return found


def names(objects: Objects, kind: str) -> set[str]:
    return {it["metadata"]["name"] for it in kinds(objects, kind)}


def found(objects: Objects, selector: dict[str, str]) -> set[str]:
    """Names of the workloads whose pods a selector finds."""
    pods = {
        it["metadata"]["name"]: it["spec"]["template"]["metadata"]["labels"]
        for kind in KINDS_OF_PODS
        for it in kinds(objects, kind)
    }
    return {name for name, labels in pods.items() if selector.items() <= labels.items()}


def selector(it: dict[str, Any]) -> dict[str, str]:
    chosen = it["spec"].get("selector") or it["spec"].get("podSelector")
    return dict(chosen.get("matchLabels", chosen))


def test_the_smallest_service_has_no_migration_and_no_gates(smallest: Path) -> None:
    for overlay in OVERLAYS[:-1]:
        objects = rendered(smallest, overlay)
        assert len(kinds(objects, "Deployment")) in {1, 2}
        assert not kinds(objects, "Job")
        assert names(objects, "AnalysisTemplate") <= {"preview"}


@overlays
def test_every_selector_finds_the_pods_of_one_workload(whole: Path, overlay: str) -> None:
    objects = rendered(whole, overlay)
    for kind in ("Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy"):
        for it in kinds(objects, kind):
            assert len(found(objects, selector(it))) == 1, it["metadata"]["name"]


@overlays
def test_every_pod_is_behind_a_policy(whole: Path, overlay: str) -> None:
    objects = rendered(whole, overlay)
    behind = {
        name for it in kinds(objects, "NetworkPolicy") for name in found(objects, selector(it))
    }
    assert behind == {name for kind in KINDS_OF_PODS for name in names(objects, kind)}


@overlays
def test_a_policy_lets_every_pod_resolve_names(whole: Path, overlay: str) -> None:
    # Kustomize adds the labels of a canary to the selectors of peers too, where there are any.
    anywhere = [{"namespaceSelector": {}}, {"ipBlock": {"cidr": "169.254.20.10/32"}}]
    for policy in kinds(rendered(whole, overlay), "NetworkPolicy"):
        if "Egress" in policy["spec"]["policyTypes"]:
            rules = [it for it in policy["spec"]["egress"] if {"port": 53} in ports(it)]
            assert [it["to"] for it in rules] == [anywhere]


@overlays
def test_a_policy_names_a_namespace_once(whole: Path, overlay: str) -> None:
    objects = rendered(whole, overlay)
    stable = [
        it
        for it in kinds(objects, "NetworkPolicy")
        if not {"canary", "worker"} & {*it["metadata"]["name"].split("-")}
    ]
    named = re.findall(rf'"{NAMESPACE}": "([\w-]+)"', json.dumps(stable))
    assert len(set(named)) == len(named)
    assert {"gateway", "monitoring"} <= set(named)


def ports(rule: dict[str, Any]) -> Objects:
    return [{"port": it["port"]} for it in rule["ports"]]


@overlays
def test_settings_have_a_hash_and_every_reference_to_them_follows(
    whole: Path, overlay: str
) -> None:
    objects = rendered(whole, overlay)
    there = names(objects, "ConfigMap")
    for kind in KINDS_OF_PODS:
        for it in kinds(objects, kind):
            (container,) = it["spec"]["template"]["spec"]["containers"]
            (reference,) = container["envFrom"]
            assert reference["configMapRef"]["name"] in there
            assert "@sha256:" in container["image"]
    assert "orders" not in there


@overlays
def test_everything_is_in_one_namespace_and_what_goes_first_needs_nothing_else(
    whole: Path, overlay: str
) -> None:
    objects = rendered(whole, overlay)
    assert len({it["metadata"]["namespace"] for it in objects}) == 1
    first = [
        it for it in objects if it["metadata"].get("labels", {}).get("release-step") == "prepare"
    ]
    job = one(first, "Job")["spec"]["template"]["spec"]
    assert job["serviceAccountName"] in names(first, "ServiceAccount")
    assert job["containers"][0]["envFrom"][0]["configMapRef"]["name"] in names(first, "ConfigMap")
    assert {it["kind"] for it in first} == {"ConfigMap", "Job", "NetworkPolicy", "ServiceAccount"}


@overlays
def test_routes_and_rollouts_name_what_is_there(whole: Path, overlay: str) -> None:
    objects = rendered(whole, overlay)
    services = names(objects, "Service")
    backends = one(objects, "HTTPRoute")["spec"]["rules"][0]["backendRefs"]
    assert {it["name"] for it in backends} <= services
    assert sum(it.get("weight", 100) for it in backends) == 100
    assert {
        it["spec"]["scaleTargetRef"]["kind"] for it in kinds(objects, "HorizontalPodAutoscaler")
    } == {"Rollout" if "argo" in overlay else "Deployment"}
    for rollout in kinds(objects, "Rollout"):
        assert rollout["spec"]["workloadRef"]["name"] in names(objects, "Deployment")
        (strategy,) = rollout["spec"]["strategy"].values()
        said = {strategy[key] for key in strategy if key.endswith("Service")}
        assert len(said) == 2
        assert said <= services
        asked = set(json.dumps(strategy).split('"templateName": "')[1:])
        assert {it.partition('"')[0] for it in asked} <= names(objects, "AnalysisTemplate")


def test_the_canary_migrates_and_production_behind_it_does_not(whole: Path) -> None:
    objects = rendered(whole, "gateway")
    assert names(objects, "Job") == {"orders-migration-canary"}
    assert names(objects, "Deployment") == {
        "orders",
        "orders-canary",
        "orders-worker",
        "orders-worker-canary",
    }


@overlays
def test_every_pod_is_scraped_once(whole: Path, overlay: str) -> None:
    objects = rendered(whole, overlay)
    wanted = one(objects, "ServiceMonitor")["spec"]["selector"]["matchLabels"]
    scraped = [
        found(objects, selector(it))
        for it in kinds(objects, "Service")
        if wanted.items() <= it["metadata"]["labels"].items()
    ]
    assert sorted(name for pods in scraped for name in pods) == sorted(names(objects, "Deployment"))


@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        ("base/deployment.yaml", "minReadySeconds", "minReadySecond", "minReadySecond"),
        ("base/deployment.yaml", "maxSurge: 1", "maxSurge: [1]", "maxSurge"),
        ("base/service.yaml", "kind: Service", "kind: Servise", "Servise has no schema"),
        ("base/http-route.yaml", "hostnames:", "hostname:", "hostname"),
        ("overlays/argo-rollouts/canary/strategy.yaml", "setWeight: 5", "setWeights: 5", "setWei"),
        ("overlays/argo-rollouts/rollout/gates.yaml", "failureLimit", "failuresLimit", "failures"),
    ],
)
def test_a_mistake_is_found(tmp_path: Path, file: str, old: str, new: str, complaint: str) -> None:
    service = carve(tmp_path / "orders", deployment="kubernetes")
    path = service / "deploy" / "kubernetes" / file
    path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")
    ended = run("python", "-m", "chassis.kubernetes.validate", cwd=service)
    assert ended.returncode == 1
    assert complaint in ended.stderr


def test_who_renders_is_told_that_no_image_is_named_yet(whole: Path) -> None:
    ended = run("python", "-m", "chassis.kubernetes.render", "staging", cwd=whole)
    assert "staging has no image yet" in ended.stderr
    assert list(yaml.safe_load_all(ended.stdout)) == rendered(whole, "staging")
    refused = run("python", "-m", "chassis.kubernetes.render", "stage", cwd=whole)
    assert refused.returncode == 1
    assert "no overlay 'stage'. Choose one of: staging, production" in refused.stderr
