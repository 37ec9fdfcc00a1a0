"""Checks whether a running service is ready, for a container's HEALTHCHECK; imports little."""

from __future__ import annotations

import json
import sys
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from threading import Thread

WILDCARDS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - not listened on
MAX_RESPONSE_BYTES = 10_000
"""Most bytes of a response that are read; the response of /readyz is far shorter."""


def report_health(host: str, port: int) -> int:
    """Return 0 if the service on this port is ready; otherwise print why not and return 1."""
    failure = probe(host, port)
    if failure:
        print(failure, file=sys.stderr)  # noqa: T201 - its job
    return int(failure is not None)


def probe(host: str, port: int, timeout: float = 2.0) -> str | None:
    """Return None if the service on this port is ready, otherwise a sentence with the reason.

    Of several hosts, separated by commas, one that is ready is enough. The response
    must be complete within `timeout` seconds. Redirects are not followed: they lead to another
    server.
    """
    ready: list[str] = []
    failures: list[str] = []

    def request() -> None:
        for each in host.split(","):
            failure = _request_readiness(WILDCARDS.get(each, each), port, timeout)
            if failure is None:
                ready.append(each)
                return
            failures.append(failure)

    thread = Thread(target=request, daemon=True)  # an abandoned thread bounds the whole exchange
    thread.start()
    thread.join(timeout)
    if ready:
        return None
    return " ".join(failures) or _timeout_message(timeout)


def _request_readiness(host: str, port: int, timeout: float) -> str | None:
    connection = HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        body = answer.read(MAX_RESPONSE_BYTES)
    except TimeoutError:
        return _timeout_message(timeout)
    except OSError as error:
        return f"Cannot connect to {host} port {port}: {error.strerror or error}."
    except (HTTPException, ValueError) as error:
        return f"No HTTP response from {host} port {port}: {type(error).__name__}."
    finally:
        connection.close()
    if answer.status == HTTPStatus.OK and _is_pass(body):
        return None
    return f"It responded {answer.status}: {body[:200].decode(errors='replace')!r}."


def _timeout_message(timeout: float) -> str:
    return f"No response within {timeout:g} seconds."


def _is_pass(body: bytes) -> bool:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(answer, dict) and answer.get("status") == "pass"
