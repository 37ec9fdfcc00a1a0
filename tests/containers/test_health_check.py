"""The image's health check passes on the right answer alone."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.containers.stack import docker, eventually, health, inspect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.containers.stack import Stack

SERVER = """\
import socket, sys, time
answer, pause = sys.argv[1].encode().decode("unicode_escape").encode(), float(sys.argv[2])
listener = socket.create_server(("0.0.0.0", 8000))
while True:
    peer, _ = listener.accept()
    peer.recv(65536)
    time.sleep(pause)
    try:
        peer.sendall(answer)
    except OSError:
        pass
    peer.close()
"""
WELL = '{"status":"pass"}'


def answer(status: str, body: str = WELL, *headers: str) -> str:
    """Write an answer down."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return r"\r\n".join([*head, "", body])


CASES = {
    "ready": (answer("200 OK"), 0, "healthy", ""),
    "error": (answer("500 Internal Server Error"), 0, "unhealthy", "It responded 500"),
    "redirect": (answer("307 Temporary Redirect", WELL, "Location: /livez"), 0, "unhealthy", "307"),
    "slow": (answer("200 OK"), 3, "unhealthy", "No response within 2 seconds"),
    "wrong": (answer("200 OK", "It works!"), 0, "unhealthy", "It works!"),
    "silent": ("", 0, "unhealthy", "Remote end closed connection"),
}
"""What a server answers, after how many seconds, what that makes the container, and why."""


@pytest.fixture(scope="module")
def containers(everything: Stack) -> Iterator[dict[str, str]]:
    """A container of the service's image for each case, all started at once."""
    with ExitStack() as stack:
        names = {}
        for case, (said, pause, _, _) in CASES.items():
            names[case] = f"{everything.project}-{case}"
            docker(
                *("run", "--detach", "--name", names[case], "--network=none"),
                *("--health-interval=1s", "--health-start-period=1ms", "--health-retries=2"),
                *(everything.project, "python", "-c", SERVER, said, str(pause)),
            )
            stack.callback(docker, "rm", "--force", names[case])
        yield names


@pytest.mark.parametrize("case", CASES)
def test_only_the_right_answer_is_healthy(containers: dict[str, str], case: str) -> None:
    _, _, expected, why = CASES[case]
    eventually(lambda: health(containers[case]) != "starting")
    assert health(containers[case]) == expected
    assert why in inspect(containers[case])["State"]["Health"]["Log"][-1]["Output"]
