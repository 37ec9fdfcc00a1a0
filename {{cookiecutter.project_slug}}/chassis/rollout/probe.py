"""Asks over HTTP, on a new connection each time, with all of the answer in bounded time."""

from __future__ import annotations

from contextlib import closing
from http.client import HTTPConnection, HTTPException
from time import monotonic
from typing import NamedTuple

OK = 200
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
    whole: bool = True
    """Whether nothing of the body is missing."""


def ask(address: Address, path: str, timeout: float = 2.0, host: str = "") -> Answer:
    """Send a GET. Raises OSError, whatever kept the answer from coming."""
    headers = {"Connection": "close", **({"Host": host} if host else {})}
    began = monotonic()
    try:
        with closing(HTTPConnection(*address, timeout=timeout)) as connection:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            body = answer.read(MOST)
            is_whole = not answer.length and len(body) < MOST
    except (HTTPException, ValueError) as error:
        raise OSError(f"{path} is not answered in HTTP: {error!r}") from error
    return Answer(answer.status, body.decode(errors="replace"), monotonic() - began, is_whole)


def fetch(address: Address, path: str, host: str = "") -> str:
    """Send a GET for data; raises OSError, also for any answer but a whole 200."""
    answer = ask(address, path, host=host)
    if answer.status != OK:
        raise OSError(f"{path} answers {answer.status}")
    if not answer.whole:
        raise OSError(f"{path} answers in part only, {len(answer.body)} characters of it")
    return answer.body
