from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from chassis.application import Application
from chassis.auth import Auth
from chassis.auth.tests.issuing import Issuer
from chassis.auth.tests.orders import board, orders

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def undone(logging_as_it_was: None) -> None:
    """What the services of these tests install ends with each test."""


@pytest.fixture
def client() -> Iterator[TestClient]:
    """Asks a service that signs its own tokens."""
    with TestClient(orders(Auth()), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """An issuer of the test's own."""
    with Issuer() as issuer:
        yield issuer


@pytest.fixture
def verifying(issuer: Issuer) -> Iterator[TestClient]:
    """Asks a service that accepts the issuer's tokens."""
    service = board(Auth(issuer=issuer.url))
    with TestClient(Application(service), raise_server_exceptions=False) as client:
        deadline = time.monotonic() + 5
        while not service.gauges["issuer_up"]():
            assert time.monotonic() < deadline, "it has no keys"
            time.sleep(0.005)
        yield client
