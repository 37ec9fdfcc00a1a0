"""What only hosts with an engine have: HTTPS at the proxy, and images that are removed."""

from __future__ import annotations

import ssl
import subprocess
from http.client import HTTPSConnection
from typing import TYPE_CHECKING

import pytest

from tests.rollouts.docker_host import DockerHost, docker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.proofs.carved import Carved

WITH_TLS = """
[docker]
compose = ["../compose.yaml", "../proxy/compose.tls.yaml"]
"""


@pytest.fixture
def host(checkout: Carved, image: str, tmp_path: Path) -> Iterator[DockerHost]:
    """A host on which nothing has been rolled out."""
    DockerHost.base = image
    host = DockerHost(checkout, tmp_path)
    try:
        yield host
    finally:
        host.clean_up()


def create_certificate(folder: Path) -> None:
    """Create a self-signed certificate that the proxy's user may read."""
    folder.mkdir(mode=0o755)
    key, chain = folder / "key.pem", folder / "certificate.pem"
    made = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1")
    named = ("-subj", "/CN=localhost", "-keyout", str(key), "-out", str(chain))
    subprocess.run([*made, *named], check=True, capture_output=True)
    key.chmod(0o644)


def test_rollouts_work_behind_a_proxy_of_https_alone(host: DockerHost, tmp_path: Path) -> None:
    port = host.ports[2]
    create_certificate(tmp_path / "tls")
    host.variables |= {"TLS_FOLDER": str(tmp_path / "tls"), "HTTPS_PORT": str(port)}
    path = host.folder / "deploy" / "rollout.toml"
    path.write_text(path.read_text() + WITH_TLS)
    for revision in ("one", "two"):
        host.run_tool("blue-green", host.create_release(revision))
        connection = HTTPSConnection(
            "127.0.0.1",
            port,
            context=ssl._create_unverified_context(),  # noqa: SLF001, S323 - our own certificate
        )
        connection.request("GET", "/version")
        assert f'"{revision}"' in connection.getresponse().read().decode()
        connection.close()


def test_an_image_that_no_rollout_references_is_removed(host: DockerHost) -> None:
    kept = f"{host.project}-release"
    docker("tag", DockerHost.base, f"{kept}:forgotten")
    for revision in ("one", "two"):
        host.run_tool("rolling", host.create_release(revision))
    listed = docker("image", "ls", "--format", "{{.Tag}}", kept).split()
    digests = {line["digest"].removeprefix("sha256:")[:12] for line in host.read_history()}
    assert set(listed) == digests
    assert len(listed) == 2


def test_an_instance_is_found_by_the_name_of_the_service(host: DockerHost) -> None:
    host.run_tool("rolling", host.create_release("one"))
    instances = docker("ps", "--quiet", "--filter", f"name={host.project}-web-").split()
    form = "{{range .NetworkSettings.Networks}}{{.Aliases}}{{end}}"
    assert len(instances) == 2
    for instance in instances:
        assert " web]" in docker("inspect", "--format", form, instance)
