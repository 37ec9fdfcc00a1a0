"""The manifests as their files have them; in the whole, kustomize puts them together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from chassis.kubernetes import FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KUSTOMIZATIONS = sorted(FOLDER.rglob("kustomization.yaml"))


def load(path: Path) -> list[Any]:
    return list(yaml.safe_load_all(path.read_text("utf-8")))


def objects(folder: str) -> Iterator[dict[str, Any]]:
    """Every object in the files of a folder."""
    for path in sorted((FOLDER / folder).glob("*.yaml")):
        yield from (it for it in load(path) if "kustomize" not in it["apiVersion"])


def one(kind: str, folder: str = "base") -> dict[str, Any]:
    """The only object of a kind."""
    (found,) = (it for it in objects(folder) if it["kind"] == kind)
    return found


def pod(workload: dict[str, Any]) -> Any:
    return workload["spec"]["template"]["spec"]


def container(workload: dict[str, Any]) -> Any:
    (only,) = pod(workload)["containers"]
    return only


def workloads() -> list[dict[str, Any]]:
    """Everything that has pods."""
    return [
        one("Deployment"),
        one("Job", "migration"),  # if database
        one("Deployment", "worker"),  # if jobs
    ]
