"""The API keeps what its document says: every operation is called, also one that is added."""

import pytest

from app import main
from app.quotes import QuotesApi  # if outbound
from chassis.application import Application
from chassis.testing import api
from chassis.testing.dependency import respond, serve_during  # if outbound


@pytest.mark.usefixtures("logging_as_it_was")
def test_every_operation_keeps_what_its_document_says_and_can_succeed(
    request: pytest.FixtureRequest,
) -> None:
    settings = main.Test()
    quote = respond(200, b'{"symbol": "ABC", "price": 7.5}')  # if outbound
    quotes = QuotesApi(base_url=serve_during(request, quote).url)  # if outbound
    settings = settings.model_copy(update={"outbound_quotes": quotes})  # if outbound
    app = Application(main.compose(settings))
    headers: dict[str, str] = {}
    token = settings.auth.sign(settings.service.name, "ada", api.scopes(app))  # if auth
    headers["Authorization"] = f"Bearer {token}"  # if auth
    found = api.explore(app, headers)
    assert found.findings == []
    assert found.never_successful == []
