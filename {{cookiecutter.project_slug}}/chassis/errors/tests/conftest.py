"""What the tests of error reports may ask for: a collector, and a small service that reports."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sentry_sdk

from chassis.errors import Errors
from chassis.errors.tests.failing import Failing
from chassis.errors.tests.receiver import Receiver
from chassis.logs import Log
from chassis.problems import Problems
from chassis.service import Identity, Service

Make = Callable[..., Service]


@pytest.fixture
def collector() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def make(collector: Receiver, logging_as_it_was: None) -> Iterator[Make]:
    """Make a service that reports; what is given goes to the settings."""

    def made(secrets: frozenset[str] = frozenset(), **settings: Any) -> Service:
        logging.getLogger().handlers.clear()  # pytest's raise
        service = Service(
            identity=Identity(name="shop", version="7", revision="abc"),
            environment="test",
            secrets=secrets,
        )
        errors = Errors(**{"dsn": collector.dsn, **settings})
        for feature in (Log(), errors, Problems(), Failing()):
            feature.install(service)
        return service

    yield made
    sentry_sdk.flush(5)
    sentry_sdk.get_client().close(0)
    sentry_sdk.get_global_scope().set_client(None)
