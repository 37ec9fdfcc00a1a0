from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from app.notes import Notes
from app.reminders import Reminders
from chassis.application import Application
from chassis.jobs import Jobs
from chassis.problems import Problems
from chassis.service import Identity, Service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.database import Database


@pytest.fixture
def client(database: Database) -> Iterator[TestClient]:
    service = Service(identity=Identity(name="t"), environment="test")
    for feature in (Problems(), database, Jobs(), Notes(), Reminders()):
        feature.install(service)
    with TestClient(Application(service)) as client:
        yield client


def test_a_reminder_is_accepted_and_becomes_a_note(client: TestClient) -> None:
    answer = client.post("/reminders", json={"text": "Tea"})
    assert answer.status_code == 202
    deadline = time.monotonic() + 10
    while not (notes := client.get("/notes").json()["notes"]):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert notes[0]["text"] == "Tea"
    assert answer.json()["job"] in notes[0]["title"]


def test_a_time_too_far_ahead_is_refused(client: TestClient) -> None:
    answer = client.post("/reminders", json={"text": "Tea", "seconds": 10**6})
    assert answer.status_code == 422
