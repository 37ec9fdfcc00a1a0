"""What only a host with an engine has: HTTPS at the proxy, and images that pile up."""

from __future__ import annotations

import ssl
import subprocess
from http.client import HTTPSConnection
from typing import TYPE_CHECKING

import pytest

from tests.rollouts.docker_place import DockerPlace, docker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.proofs.carved import Carved

WITH_TLS = """
[docker]
compose = ["../compose.yaml", "../proxy/compose.tls.yaml"]
"""


@pytest.fixture
def place(service: Carved, image: str, tmp_path: Path) -> Iterator[DockerPlace]:
    """A host on which nothing has been rolled out."""
    DockerPlace.base = image
    place = DockerPlace(service, tmp_path)
    try:
        yield place
    finally:
        place.remove()


def certificate(folder: Path) -> None:
    """Sign one for ourselves, readable for the proxy's user."""
    folder.mkdir(mode=0o755)
    key, chain = folder / "key.pem", folder / "certificate.pem"
    made = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1")
    named = ("-subj", "/CN=localhost", "-keyout", str(key), "-out", str(chain))
    subprocess.run([*made, *named], check=True, capture_output=True)
    key.chmod(0o644)


def test_a_proxy_of_https_alone_is_rolled_out_behind(place: DockerPlace, tmp_path: Path) -> None:
    port = place.ports[2]
    certificate(tmp_path / "tls")
    place.variables |= {"TLS_FOLDER": str(tmp_path / "tls"), "HTTPS_PORT": str(port)}
    path = place.folder / "deploy" / "rollout.toml"
    path.write_text(path.read_text() + WITH_TLS)
    for revision in ("one", "two"):
        place.deploy("blue-green", place.release(revision))
        connection = HTTPSConnection(
            "127.0.0.1",
            port,
            context=ssl._create_unverified_context(),  # noqa: SLF001, S323 - our own certificate
        )
        connection.request("GET", "/version")
        assert f'"{revision}"' in connection.getresponse().read().decode()
        connection.close()


def test_an_image_that_no_rollout_leads_back_to_is_let_go_of(place: DockerPlace) -> None:
    kept = f"{place.project}-release"
    docker("tag", DockerPlace.base, f"{kept}:forgotten")
    for revision in ("one", "two"):
        place.deploy("rolling", place.release(revision))
    listed = docker("image", "ls", "--format", "{{.Tag}}", kept).split()
    digests = {line["digest"].removeprefix("sha256:")[:12] for line in place.history()}
    assert set(listed) == digests
    assert len(listed) == 2


def test_an_instance_is_found_by_the_name_of_the_service(place: DockerPlace) -> None:
    place.deploy("rolling", place.release("one"))
    instances = docker("ps", "--quiet", "--filter", f"name={place.project}-web-").split()
    form = "{{range .NetworkSettings.Networks}}{{.Aliases}}{{end}}"
    assert len(instances) == 2
    for instance in instances:
        assert " web]" in docker("inspect", "--format", form, instance)
