"""Any bytes at all in an Authorization header: in the real process, and as many as chance finds."""

from __future__ import annotations

import asyncio
import json
import socket
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.application import Application
from chassis.auth import Auth
from chassis.auth.tests.attacks import AUTHORIZATIONS, GOOD, TOKENS
from chassis.auth.tests.forge import SERVICE, claims, signed
from chassis.problems import Problems
from chassis.service import Identity, Service
from chassis.testing.process import Running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI
    from starlette.types import Message

HEADS = {
    **{f"token: {name}": [b"Bearer " + token] for name, token in TOKENS.items()},
    **{f"header: {name}": [value] for name, value in AUTHORIZATIONS.items()},
    "twice": [b"Bearer " + GOOD, b"Bearer " + GOOD],
    "twice, one empty": [b"", b"Bearer " + GOOD],
    "none": [],
}


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with Running(SERVICE_NAME=SERVICE, LOG_LEVEL="DEBUG", LOG_LEVELS="uvicorn=DEBUG") as running:
        yield running


def ask(running: Running, values: list[bytes]) -> tuple[int, bytes]:
    lines = [b"GET /me HTTP/1.1", b"host: a", b"connection: close"]
    lines += [b"authorization: " + value for value in values]
    with socket.create_connection(running.address, timeout=60) as client:
        client.sendall(b"\r\n".join(lines) + b"\r\n\r\n")
        answer = client.makefile("rb").read()
    return int(answer.split()[1]), answer


def test_the_process_refuses_every_attack_with_a_problem_and_logs_none(running: Running) -> None:
    assert ask(running, [b"Bearer " + GOOD])[0] == 200
    assert ask(running, [b"bearer   " + GOOD + b"  "])[0] == 200
    for name, values in HEADS.items():
        status, answer = ask(running, values)
        assert status == 401, name
        assert b"content-type: application/problem+json" in answer, name
        assert b"www-authenticate: Bearer realm=" in answer, name
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == 401
    running.get("/nowhere")
    running.said("GET (no route) 404")  # and with it, every line before
    said = json.dumps(running.lines)
    assert said.count("GET /me 401") == len(HEADS)
    for token in (GOOD, *TOKENS.values()):
        for part in token.decode("latin-1").split("."):
            assert len(part) < 20 or part[:20] not in said


@pytest.mark.parametrize("byte", [b"\0", b"\r", b"\x01", b"\x7f"])
def test_bytes_that_no_header_may_hold_end_before_a_token_is_looked_for(
    running: Running, byte: bytes
) -> None:
    assert ask(running, [b"Bearer " + byte + GOOD])[0] in {400, 401}


@cache
def service() -> FastAPI:
    board = Service(identity=Identity(name=SERVICE), environment="test")
    for feature in (Problems(), Auth()):
        feature.install(board)
    return Application(board)


async def status_of(values: list[bytes]) -> int:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": "/me",
        "query_string": b"",
        "headers": [(b"authorization", value) for value in values],
    }
    await service()(scope, receive, send)
    status: int = sent[0]["status"]
    return status


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
anything = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)


def changed(good: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Take any of the members away, or put anything in its place."""
    return st.dictionaries(st.sampled_from(sorted(good)), anything, min_size=1).map(good.__or__)


@given(st.lists(st.binary() | st.binary().map(b"Bearer ".__add__), max_size=3))
def test_no_bytes_get_in_or_break_anything(values: list[bytes]) -> None:
    assert asyncio.run(status_of(values)) == 401


@given(anything | changed({"alg": "HS256", "typ": "JWT", "crit": [], "b64": True, "kid": "a"}))
def test_no_header_breaks_anything_even_when_it_is_signed(header: Any) -> None:
    assert asyncio.run(status_of([b"Bearer " + signed(claims(), header)])) in {200, 401}


@given(anything | changed(claims(nbf=1, scope="a")))
def test_no_claims_break_anything_even_when_they_are_signed(said: Any) -> None:
    assert asyncio.run(status_of([b"Bearer " + signed(said)])) in {200, 401}


def test_what_chance_is_given_to_change_is_good() -> None:
    header = {"alg": "HS256", "typ": "JWT", "kid": "a"}
    token = signed(claims(nbf=1, scope="a"), header)
    assert asyncio.run(status_of([b"Bearer " + token])) == 200
