"""Overlays are whole, pin their images, and set what the service accepts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import yaml

from app.main import ENVIRONMENTS
from chassis.environment import load as load_settings
from chassis.kubernetes import FOLDER
from chassis.kubernetes.render import OVERLAYS
from deploy.kubernetes.tests.objects import KUSTOMIZATIONS, load, one

if TYPE_CHECKING:
    from pathlib import Path

SECRETS = {
    "HEALTH_TOKEN": 32 * "t",
    "AUTH_SECRET_KEY": 43 * "k",  # if auth
    "DATABASE_URL": "postgresql://user:password@host/name?sslmode=require",  # if database
    "CACHE_URL": "rediss://host",  # if cache
}
PORTS = {"http": 80, "https": 443}
environments = pytest.mark.parametrize("environment", ["staging", "production"])


def kustomization(folder: str) -> Any:
    (only,) = load(FOLDER / folder / "kustomization.yaml")
    return only


@pytest.mark.parametrize("path", KUSTOMIZATIONS, ids=lambda it: str(it.parent.relative_to(FOLDER)))
def test_whatever_a_kustomization_names_exists_and_every_manifest_is_named(path: Path) -> None:
    (its,) = load(path)
    named = [*its.get("resources", []), *its.get("components", [])]
    named += [it["path"] for it in its.get("patches", []) if "path" in it]
    named += [name for it in its.get("configMapGenerator", []) for name in it["envs"]]
    assert named
    assert [name for name in named if not (path.parent / name).exists()] == []
    beside = {it.name for it in path.parent.glob("*.*")} - {path.name}
    assert beside - set(named) == set()


def test_every_overlay_can_be_rendered_by_name() -> None:
    overlays = {it.parent for it in KUSTOMIZATIONS if "overlays" in it.parts}
    used = {kustomize for it in overlays for kustomize in bases(it)}
    ends = {it.relative_to(FOLDER / "overlays").as_posix() for it in overlays - used}
    assert ends | {"production"} == set(OVERLAYS)


def bases(overlay: Path) -> set[Path]:
    (its,) = load(overlay / "kustomization.yaml")
    return {(overlay / it).resolve() for it in [*its["resources"], *its.get("components", [])]}


@pytest.mark.parametrize("overlay", ["staging", "production", "gateway/canary"])
def test_the_image_is_pinned_by_its_digest(overlay: str) -> None:
    (image,) = kustomization(f"overlays/{overlay}")["images"]
    assert image["name"] == one("Deployment")["spec"]["template"]["spec"]["containers"][0]["image"]
    assert re.fullmatch("sha256:[0-9a-f]{64}", image["digest"])
    assert "newTag" not in image


@environments
def test_the_service_accepts_its_settings(
    environment: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in (settings(environment) | SECRETS).items():
        monkeypatch.setenv(name, carved(value))
    monkeypatch.chdir(tmp_path)
    assert load_settings(ENVIRONMENTS).name() == environment


@environments
def test_the_network_is_not_taken_for_a_private_one(environment: str) -> None:
    assert "SERVICE_PRIVATE_NETWORK" not in settings(environment)


@environments
def test_no_secret_is_among_the_settings(environment: str) -> None:
    assert not settings(environment).keys() & SECRETS.keys()
    assert not [it for it in settings(environment) if re.search("TOKEN|PASSWORD|SECRET|KEY", it)]


@environments
def test_the_hosts_of_the_route_are_those_that_clients_may_name(environment: str) -> None:
    hosts = one("HTTPRoute")["spec"]["hostnames"]
    for patch in kustomization(f"overlays/{environment}").get("patches", []):
        if patch["target"]["kind"] == "HTTPRoute":
            (operation,) = yaml.safe_load(patch["patch"])
            hosts = operation["value"]
    assert settings(environment)["SECURITY_ALLOWED_HOSTS"].split(",") == hosts


@environments
def test_the_addresses_that_are_called_are_allowed_by_the_policy(environment: str) -> None:
    rules = one("NetworkPolicy")["spec"]["egress"]
    allowed = {it["port"] for rule in rules for it in rule["ports"]}
    values = settings(environment).values()
    called = [urlsplit(carved(it)) for it in values if it.startswith(("http://", "https://"))]
    assert {it.port or PORTS[it.scheme] for it in called} <= allowed


def settings(environment: str) -> dict[str, str]:
    lines = (FOLDER / "overlays" / environment / "settings.env").read_text("utf-8").splitlines()
    pairs = (line.split("=", 1) for line in lines if not line.startswith("#"))
    return dict(pairs)


def carved(value: str) -> str:
    return re.sub(r"\{\{.+?\}\}", "service", value)
