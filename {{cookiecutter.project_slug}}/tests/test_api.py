"""The API keeps what its document says: every operation is called, also one that is added."""

import pytest

from app import main
from chassis.application import Application
from chassis.testing.api import (
    explore,
    scopes,  # if auth
)
from chassis.testing.dependency import respond, serve_during  # if outbound


@pytest.mark.usefixtures("logging_as_it_was")
def test_every_operation_keeps_what_its_document_says_and_can_succeed(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: dict[str, bytes] = {  # if outbound
        # By the variable of its URL, what a service that is called answers.  # if outbound
        "OUTBOUND_QUOTES_BASE_URL": b'{"symbol": "ABC", "price": 7.5}',  # if outbound
    }  # if outbound
    for variable, answer in answers.items():  # if outbound
        server = serve_during(request, respond(200, answer))  # if outbound
        monkeypatch.setenv(variable, server.url)  # if outbound
    monkeypatch.setenv("LOG_LEVEL", "ERROR")  # of thousands of calls, only what raises
    settings = main.Test()
    app = Application(main.compose(settings))
    headers: dict[str, str] = {}
    token = settings.auth.sign(settings.service.name, "ada", scopes(app))  # if auth
    headers["Authorization"] = f"Bearer {token}"  # if auth
    if report := explore(app, headers).report():
        pytest.fail(report, pytrace=False)
