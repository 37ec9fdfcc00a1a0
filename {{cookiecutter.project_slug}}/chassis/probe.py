"""Asks a running service whether it is ready; a container's HEALTHCHECK, so it imports little."""

from __future__ import annotations

import json
import sys
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from threading import Thread

WILDCARDS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - nobody listens
ENOUGH = 10_000
"""Bytes of an answer that are read; a readiness answer is far shorter."""


def report_health(host: str, port: int) -> int:
    """Give exit code 0 if the service on this port is ready; else 1, and say why not."""
    complaint = probe(host, port)
    if complaint:
        print(complaint, file=sys.stderr)  # noqa: T201 - its job
    return int(complaint is not None)


def probe(host: str, port: int, timeout: float = 2.0) -> str | None:
    """Give None if the service on this port is ready, else one sentence that says why not.

    The answer must be complete within `timeout` seconds, however it trickles in. Redirects are
    not followed: another server's health is not this one's.
    """
    said: list[str | None] = [_too_late(timeout)]

    def ask() -> None:
        said[0] = _ask(WILDCARDS.get(host, host), port, timeout)

    thread = Thread(target=ask, daemon=True)  # only leaving it behind bounds the whole exchange
    thread.start()
    thread.join(timeout)
    return said[0]


def _ask(host: str, port: int, timeout: float) -> str | None:
    connection = HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        body = answer.read(ENOUGH)
    except TimeoutError:
        return _too_late(timeout)
    except OSError as error:
        return f"It cannot be asked on {host} port {port}: {error.strerror or error}."
    except (HTTPException, ValueError) as error:
        return f"It does not speak HTTP on {host} port {port}: {type(error).__name__}."
    finally:
        connection.close()
    if answer.status == HTTPStatus.OK and _passes(body):
        return None
    return f"It answered {answer.status}: {body[:200].decode(errors='replace')!r}."


def _too_late(timeout: float) -> str:
    return f"It did not answer within {timeout:g} seconds."


def _passes(body: bytes) -> bool:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(said, dict) and said.get("status") == "pass"
