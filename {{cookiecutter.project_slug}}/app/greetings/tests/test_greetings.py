"""How to test a feature: install it on a board of its own, with settings of its own, and call."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from app.greetings import Greetings
from chassis.application import Application
from chassis.problems import Problems
from chassis.service import Identity, Service


def client(**settings: Any) -> TestClient:
    """Serve greetings in this process; any setting can be given."""
    service = Service(identity=Identity(name="test"), environment="test")
    for feature in (Problems(), Greetings(**settings)):
        feature.install(service)
    return TestClient(Application(service))


def test_one_is_greeted_by_name() -> None:
    answer = client().get("/greetings/Ada")
    assert answer.status_code == 200
    assert answer.json() == {"text": "Hello, Ada!"}


def test_the_salutation_is_a_setting() -> None:
    answer = client(salutation="Ahoy").get("/greetings/Grace")
    assert answer.json() == {"text": "Ahoy, Grace!"}


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["Ada"], "Hello, Ada!"),
        (["Ada", "Grace"], "Hello, Ada and Grace!"),
        (["Ada", "Grace", "Edsger"], "Hello, Ada, Grace and Edsger!"),
    ],
)
def test_several_are_greeted_together(names: list[str], text: str) -> None:
    answer = client().post("/greetings", json={"names": names})
    assert answer.json() == {"text": text}


def test_too_many_names_are_a_problem_that_names_the_limit() -> None:
    answer = client(limit=2).post("/greetings", json={"names": ["Ada", "Grace", "Edsger"]})
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == "/problems/too-many-names"
    assert problem["limit"] == 2


@pytest.mark.parametrize("body", [{}, {"names": []}, {"names": [" "]}, {"names": ["A"], "x": 1}])
def test_an_invalid_party_is_a_problem_that_says_where(body: dict[str, Any]) -> None:
    answer = client().post("/greetings", json=body)
    assert answer.status_code == 422
    assert all(error["pointer"].startswith("#/") for error in answer.json()["errors"])


def test_a_party_is_logged_without_its_names() -> None:
    with capture_logs() as lines:
        client().post("/greetings", json={"names": ["Ada", "Grace"]})
    assert {"event": "party greeted", "names": 2, "log_level": "info"} in lines
