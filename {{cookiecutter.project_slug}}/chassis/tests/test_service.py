from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar

import pytest
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.application import Application
from chassis.service import Feature, Identity, Service


class Recorder(Feature):
    """Remembers what happens to it."""

    name: str
    diary: ClassVar[list[str]] = []
    broken: bool = False

    def install(self, service: Service) -> None:
        self.diary.append(f"install {self.name}")

        @asynccontextmanager
        async def lifespan() -> AsyncIterator[None]:
            if self.broken:
                raise RuntimeError(self.name)
            self.diary.append(f"open {self.name}")
            try:
                yield
            finally:
                self.diary.append(f"close {self.name}")

        def wrap(app: ASGIApp) -> ASGIApp:
            async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
                if scope["type"] == "http":
                    self.diary.append(f"through {self.name}")
                await app(scope, receive, send)

            return middleware

        service.lifespans.append(lifespan)
        service.middleware.append(wrap)


def board(*features: Feature) -> Service:
    service = Service(identity=Identity(name="t"), environment="test")
    for feature in features:
        feature.install(service)
    return service


def test_the_first_feature_in_is_the_outermost_and_the_last_one_out() -> None:
    Recorder.diary.clear()
    service = board(Recorder(name="a"), Recorder(name="b"))
    with TestClient(Application(service)) as client:
        client.get("/")
    assert Recorder.diary == [
        *("install a", "install b"),
        *("open a", "open b"),
        *("through a", "through b"),
        *("close b", "close a"),
    ]


def test_a_feature_that_fails_to_open_closes_those_before_it() -> None:
    Recorder.diary.clear()
    service = board(
        Recorder(name="a"),
        Recorder(name="b", broken=True),
        Recorder(name="c"),
    )
    with pytest.raises(RuntimeError), TestClient(Application(service)):
        pass
    assert Recorder.diary[3:] == ["open a", "close a"]
