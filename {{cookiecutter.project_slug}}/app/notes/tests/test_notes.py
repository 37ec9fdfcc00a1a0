from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from app.notes import Notes
from chassis.application import Application
from chassis.cache import Caching  # if cache
from chassis.problems import Problems
from chassis.service import Identity, Service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.database import Database


@contextmanager
def serving(database: Database, **settings: Any) -> Iterator[TestClient]:
    service = Service(identity=Identity(name="t"), environment="test")
    features = [
        Problems(),
        database,
        Caching(),  # if cache
        Notes(**settings),
    ]
    for feature in features:
        feature.install(service)
    with TestClient(Application(service), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def client(database: Database) -> Iterator[TestClient]:
    with serving(database) as client:
        yield client


def test_what_is_written_is_read_at_the_place_that_the_answer_names(client: TestClient) -> None:
    written = client.post("/notes", json={"title": " Tea ", "text": "Two spoons."})
    assert written.status_code == 201
    found = client.get(written.headers["location"])
    assert found.status_code == 200
    assert found.json() == written.json() == {"id": 1, "title": "Tea", "text": "Two spoons."}
    assert found.headers["etag"] == written.headers["etag"] == '"1"'


def test_what_is_written_outlives_the_process(database: Database) -> None:
    with serving(database) as client:
        client.post("/notes", json={"title": "Tea"})
    with serving(database) as client:
        assert client.get("/notes/1").json()["title"] == "Tea"


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_a_note_that_is_not_there_is_a_problem(client: TestClient, method: str) -> None:
    body: dict[str, Any] = {"json": {"title": "Tea"}} if method == "put" else {}
    answer = client.request(method, "/notes/7", headers={"if-match": "*"}, **body)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "body", [{}, {"title": ""}, {"title": "x" * 201}, {"title": "a\0b"}, {"title": "a", "x": 1}]
)
def test_an_invalid_draft_is_a_problem_that_says_where(
    client: TestClient, body: dict[str, Any]
) -> None:
    answer = client.post("/notes", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith("#/")


@pytest.mark.parametrize("number", ["0", "-1", str(2**63), str(10**30), "x"])
def test_a_number_that_no_note_can_have_is_refused(client: TestClient, number: str) -> None:
    assert client.get(f"/notes/{number}").status_code == 422


def test_a_title_that_is_taken_is_a_conflict_and_nothing_is_written(client: TestClient) -> None:
    client.post("/notes", json={"title": "Tea"})
    client.post("/notes", json={"title": "Coffee"})
    again = client.post("/notes", json={"title": "Tea"})
    renamed = client.put("/notes/2", json={"title": "Tea"}, headers={"if-match": '"1"'})
    for answer in (again, renamed):
        assert answer.status_code == 409
        assert answer.json()["type"] == "/problems/title-taken"
    assert [note["title"] for note in client.get("/notes").json()["notes"]] == ["Coffee", "Tea"]


def test_of_many_who_take_one_title_at_once_one_gets_it(client: TestClient) -> None:
    def take(_: int) -> int:
        return client.post("/notes", json={"title": "Tea"}).status_code

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(take, range(8))) == [201, *[409] * 7]


def test_pages_show_each_note_once_whatever_is_written_and_deleted_meanwhile(
    database: Database,
) -> None:
    with serving(database, page_size=2) as client:
        for number in range(1, 6):
            client.post("/notes", json={"title": str(number)})
        seen, cursor = [], None
        for _ in range(3):
            page = client.get("/notes", params={"after": cursor} if cursor else {}).json()
            seen += [note["id"] for note in page["notes"]]
            cursor = page["next"]
            client.post("/notes", json={"title": f"later, {len(seen)}"})
            client.delete(f"/notes/{seen[-1]}", headers={"if-match": "*"})
        assert seen == [5, 4, 3, 2, 1]
        assert cursor is None


def test_a_change_names_the_version_it_has_read_and_makes_the_next_one(client: TestClient) -> None:
    client.post("/notes", json={"title": "Tea"})
    assert client.get("/notes/1").json()["title"] == "Tea"
    answer = client.put("/notes/1", json={"title": "Green tea"}, headers={"if-match": '"1"'})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    read = client.get("/notes/1")
    assert (read.json()["title"], read.headers["etag"]) == ("Green tea", '"2"')


def test_a_note_that_was_deleted_is_read_no_more(client: TestClient) -> None:
    client.post("/notes", json={"title": "Tea"})
    assert client.get("/notes/1").status_code == 200
    assert client.delete("/notes/1", headers={"if-match": '"1"'}).status_code == 204
    assert client.get("/notes/1").status_code == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize(
    ("named", "status"),
    [(None, 428), ('"2"', 412), ('"1"', None)],
)
def test_only_the_version_that_was_read_is_changed_or_deleted(
    client: TestClient, method: str, named: str | None, status: int | None
) -> None:
    client.post("/notes", json={"title": "Tea"})
    body: dict[str, Any] = {"json": {"title": "Coffee"}} if method == "PUT" else {}
    headers = {"if-match": named} if named else {}
    answer = client.request(method, "/notes/1", headers=headers, **body)
    assert answer.status_code == status or (status is None and answer.is_success)
    if status:
        assert answer.headers["content-type"] == "application/problem+json"
        assert client.get("/notes/1").json()["title"] == "Tea"


def test_of_many_who_change_one_version_at_once_one_succeeds(client: TestClient) -> None:
    client.post("/notes", json={"title": "Tea"})
    start = threading.Barrier(8)

    def change(number: int) -> int:
        start.wait()
        body = {"title": f"Tea {number}"}
        return client.put("/notes/1", json=body, headers={"if-match": '"1"'}).status_code

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(change, range(8))) == [200, *[412] * 7]
    assert client.get("/notes/1").headers["etag"] == '"2"'
