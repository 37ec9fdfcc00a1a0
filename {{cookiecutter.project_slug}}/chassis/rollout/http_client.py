"""Sends GET requests, each on a new connection, and reads the whole response in bounded time."""

from __future__ import annotations

from contextlib import closing
from http.client import HTTPConnection, HTTPException
from time import monotonic
from typing import NamedTuple

OK = 200
MAX_BYTES = 10_000_000
"""Most bytes of a response that are read."""


class Address(NamedTuple):
    """Host and port of a listener."""

    host: str
    port: int


class Response(NamedTuple):
    """A response, and the seconds it took."""

    status: int
    body: str
    seconds: float


def get(address: Address, path: str, timeout: float = 2.0, host: str = "") -> Response:
    """Send a GET. Raises OSError for any failure to get a whole response."""
    headers = {"Connection": "close", **({"Host": host} if host else {})}
    started = monotonic()
    try:
        with closing(HTTPConnection(*address, timeout=timeout)) as connection:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            body = response.read(MAX_BYTES)
    except (HTTPException, ValueError) as error:
        raise OSError(f"{path} did not answer in HTTP: {error!r}") from error
    if response.length or len(body) == MAX_BYTES:
        raise OSError(f"{path} answered incompletely, with {len(body)} bytes")
    return Response(response.status, body.decode(errors="replace"), monotonic() - started)


def get_text(address: Address, path: str, host: str = "") -> str:
    """Send a GET for data. Raises OSError, also for any response but a 200."""
    response = get(address, path, host=host)
    if response.status != OK:
        raise OSError(f"{path} answered {response.status}")
    return response.body
