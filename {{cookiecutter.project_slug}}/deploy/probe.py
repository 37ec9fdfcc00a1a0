"""Asks over HTTP, on a new connection each time, with all of the answer in bounded time."""

from __future__ import annotations

from contextlib import closing
from http.client import HTTPConnection, HTTPException
from time import monotonic
from typing import NamedTuple

MOST = 10_000_000
"""Bytes of an answer that are read."""


class Address(NamedTuple):
    """Where somebody listens."""

    host: str
    port: int


class Answer(NamedTuple):
    """What came back, and the seconds it took."""

    status: int
    body: str
    seconds: float


def ask(address: Address, path: str, timeout: float = 2.0, host: str = "") -> Answer:
    """Send a GET. Raises OSError, whatever kept the answer from coming."""
    headers = {"Connection": "close", **({"Host": host} if host else {})}
    began = monotonic()
    try:
        with closing(HTTPConnection(*address, timeout=timeout)) as connection:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            body = answer.read(MOST).decode(errors="replace")
    except (HTTPException, ValueError) as error:
        raise OSError(f"{path} is not answered in HTTP: {error!r}") from error
    return Answer(answer.status, body, monotonic() - began)
