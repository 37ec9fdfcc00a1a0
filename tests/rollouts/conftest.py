"""Hosts to roll out on, with and without an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.proofs.carved import Carved
from tests.rollouts.docker_place import DockerPlace, built, docker, has_engine
from tests.rollouts.measured import DRIVERS
from tests.rollouts.place import Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Carved:
    """A service that needs no server beside it, and brings the tool."""
    where = tmp_path_factory.mktemp("service")
    off = dict.fromkeys(("database", "cache", "outbound", "auth"), False)
    return Carved.make(where, **off, deployment="compose").sync()


@pytest.fixture(scope="session")
def image(service: Carved) -> Iterator[str]:
    """The image of that service."""
    if not has_engine():
        pytest.skip("NOT PROVEN: no container engine answers")
    if not (service.path / "compose.yaml").exists():
        pytest.skip("NOT PROVEN: the carved service has no compose file")
    name = built(service)
    yield name
    docker("rmi", "--force", name)


def hosted(request: pytest.FixtureRequest, folder: Path) -> Iterator[Place]:
    """Set a host up on which the release `one` serves; leave nothing of it afterwards."""
    service = request.getfixturevalue("service")
    kind = Place
    if request.param == "docker":
        DockerPlace.base = request.getfixturevalue("image")
        kind = DockerPlace
    place = kind(service, folder)
    try:
        place.deploy("rolling", place.release("one"))
        yield place
    finally:
        place.remove()


@pytest.fixture(params=DRIVERS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A host of its own for each test."""
    yield from hosted(request, tmp_path)
