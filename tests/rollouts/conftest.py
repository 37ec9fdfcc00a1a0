"""Hosts to roll out on, with and without a container engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.proofs.carved import Carved
from tests.rollouts.docker_host import DockerHost, build_image, docker, has_engine
from tests.rollouts.host import RolloutHost
from tests.rollouts.measured import HOSTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ANSWERS: dict[str, Any] = {
    **dict.fromkeys(("database", "cache", "outbound", "auth"), False),
    "deployment": "compose",
}


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Carved:
    """A service that needs no server, with the tool and its plain processes for tests."""
    where = tmp_path_factory.mktemp("service")
    return Carved.make(where, **ANSWERS, _chassis_tests=True).sync()


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Carved:
    """The same service as a checkout that builds its image."""
    where = tmp_path_factory.mktemp("checkout")
    carved = Carved.make(where, **ANSWERS)
    carved.run("make", "lock")
    return carved


@pytest.fixture(scope="session")
def image(checkout: Carved) -> Iterator[str]:
    """The image of that service."""
    if not has_engine():
        pytest.skip("NOT PROVEN: no container engine answers")
    if not (checkout.path / "compose.yaml").exists():
        pytest.skip("NOT PROVEN: the carved service has no compose file")
    name = build_image(checkout)
    yield name
    docker("rmi", "--force", name)


def set_up_host(request: pytest.FixtureRequest, folder: Path) -> Iterator[RolloutHost]:
    """Set up a host on which the release `one` serves; clean it up afterwards."""
    if request.param == "docker":
        DockerHost.base = request.getfixturevalue("image")
        host: RolloutHost = DockerHost(request.getfixturevalue("checkout"), folder)
    else:
        host = RolloutHost(request.getfixturevalue("service"), folder)
    try:
        host.run_tool("rolling", host.create_release("one"))
        yield host
    finally:
        host.clean_up()


@pytest.fixture(params=HOSTS)
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RolloutHost]:
    """A host of its own for each test."""
    yield from set_up_host(request, tmp_path)
