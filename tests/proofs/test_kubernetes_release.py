"""The release as deploy/kubernetes/README.md has it, by kubectl, against a small API server."""

from __future__ import annotations

import os
import re
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.api_server import Cluster, serve
from tests.template import carve, run

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = "sha256:" + 64 * "0"
NAMESPACE = "orders-production"


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the README of a carved service and what its production renders."""
    service = carve(tmp_path_factory.mktemp("release") / "orders", deployment="kubernetes")
    ended = run("python", "-m", "chassis.kubernetes.render", "production", cwd=service)
    assert ended.returncode == 0, ended.stderr
    (service / "release.yaml").write_text(ended.stdout)
    return service


def documented(service: Path) -> list[str]:
    """Give the commands of the section Release, each on a line."""
    text = (service / "deploy" / "kubernetes" / "README.md").read_text("utf-8")
    block = text.partition("## Release")[2].split("```")[1].removeprefix("console\n")
    commands = block.replace("\\\n", "").splitlines()
    assert commands[0].startswith("make k8s-render")
    return commands[1:]


class Operator:
    """Follows the page, and stops at the first command that fails."""

    def __init__(self, service: Path, cluster: Cluster, address: str) -> None:
        """Point kubectl at the cluster."""
        self.service, self.cluster = service, cluster
        config = service / "kubeconfig"
        context = {"cluster": "stub", "user": "stub", "namespace": NAMESPACE}
        config.write_text(
            yaml.safe_dump(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "clusters": [{"name": "stub", "cluster": {"server": address}}],
                    "users": [{"name": "stub", "user": {}}],
                    "contexts": [{"name": "stub", "context": context}],
                    "current-context": "stub",
                }
            )
        )
        self.environment = {**os.environ, "KUBECONFIG": str(config), "HOME": str(service)}

    def release(self, version: int) -> dict[str, tuple[int, str, float]]:
        """Release a version; return exit code, output and seconds of each command that ran."""
        text = (self.service / "release.yaml").read_text().replace(DIGEST, f"sha256:{version:064}")
        done = {}
        for command in documented(self.service):
            began = time.monotonic()
            ended = subprocess.run(
                ["sh", "-c", command.replace("release.yaml", f"release-{version}.yaml")],
                cwd=self.write(version, text),
                env=self.environment,
                check=False,
                capture_output=True,
                text=True,
                timeout=30,
            )
            seconds = time.monotonic() - began
            done[command] = (ended.returncode, ended.stdout + ended.stderr, seconds)
            if ended.returncode > int("diff" in command):
                break
        return done

    def write(self, version: int, text: str) -> Path:
        """Write what is to be applied; return its folder."""
        (self.service / f"release-{version}.yaml").write_text(text)
        return self.service


@pytest.fixture
def cluster(release: Path) -> Cluster:
    """A cluster that has the kinds of the release."""
    kinds: dict[str, set[str]] = {"v1": set()}
    for it in yaml.safe_load_all((release / "release.yaml").read_text()):
        kinds.setdefault(it["apiVersion"], set()).add(it["kind"])
    return Cluster(kinds)


def test_the_second_release_shows_its_differences_migrates_first_and_rolls_out(
    release: Path, cluster: Cluster
) -> None:
    with serve(cluster) as address:
        operator = Operator(release, cluster, address)
        for version in (1, 2):
            cluster.written.clear()
            done = operator.release(version)
            assert list(done) == documented(release), done
    (shown,) = (said for command, (_, said, _) in done.items() if "kubectl diff" in command)
    assert "immutable" not in shown
    for sign, version in (("-", 1), ("+", 2)):
        assert re.search(rf"^\{sign} +image: .*@sha256:{version:064}$", shown, re.MULTILINE), shown
    assert "apps.v1.Deployment" in shown
    order = cluster.written
    job = order.index("create Job orders-migration")
    assert order.index("delete Job orders-migration") < job
    assert job < order.index("change Deployment orders")


def test_a_migration_that_fails_ends_the_release_at_once(release: Path, cluster: Cluster) -> None:
    cluster.job_fails = True
    with serve(cluster) as address:
        done = Operator(release, cluster, address).release(1)
    assert "condition=complete" in list(done)[-1]
    assert sum(seconds for command, (_, _, seconds) in done.items() if "wait" in command) < 15
    assert "create Deployment orders" not in cluster.written


def test_the_server_refuses_a_changed_job_as_the_real_one_does(
    release: Path, cluster: Cluster
) -> None:
    with serve(cluster) as address:
        operator = Operator(release, cluster, address)
        operator.release(1)
        path = operator.write(
            2, (release / "release-1.yaml").read_text().replace(f"{1:064}", f"{2:064}")
        )
        applied: Any = subprocess.run(
            [
                "kubectl",
                "apply",
                "--filename",
                "release-2.yaml",
                "--selector",
                "release-step=prepare",
            ],
            cwd=path,
            env=operator.environment,
            check=False,
            capture_output=True,
            text=True,
        )
    assert applied.returncode
    assert "field is immutable" in applied.stderr
