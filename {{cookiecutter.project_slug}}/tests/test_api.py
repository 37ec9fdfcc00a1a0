"""The API keeps what its document says: every operation is called, also one that is added."""

from __future__ import annotations

from typing import TYPE_CHECKING  # if outbound

import pytest
from anyio.from_thread import start_blocking_portal  # if outbound

from app import main
from chassis.application import Application
from chassis.testing import api
from chassis.testing.dependency import faulty_server, respond  # if outbound

if TYPE_CHECKING:  # if outbound
    from collections.abc import Iterator  # if outbound


@pytest.fixture(autouse=True)  # if outbound
def quotes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:  # if outbound
    found = respond(200, b'{"symbol": "ABC", "price": 7.5}')  # if outbound
    with (  # if outbound
        start_blocking_portal() as portal,  # if outbound
        portal.wrap_async_context_manager(faulty_server(found)) as server,  # if outbound
    ):  # if outbound
        monkeypatch.setenv("OUTBOUND_QUOTES_BASE_URL", server.url)  # if outbound
        yield  # if outbound


@pytest.mark.usefixtures("logging_as_it_was")
def test_every_operation_keeps_what_its_document_says_and_can_succeed() -> None:
    settings = main.Test()
    app = Application(main.compose(settings))
    headers: dict[str, str] = {}
    token = settings.auth.sign(settings.service.name, "ada", api.scopes(app))  # if auth
    headers["Authorization"] = f"Bearer {token}"  # if auth
    found = api.explore(app, headers)
    assert found.findings == []
    assert found.never_successful == []
