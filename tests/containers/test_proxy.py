"""What is seen from outside, through nginx."""

from __future__ import annotations

import re
import socket
import ssl
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

import pytest

from tests.containers.stack import ask, docker, eventually, is_ready, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.containers.stack import Stack

FORGED = "192.0.2.7"
PROXY = "nginxinc/nginx-unprivileged:1.30-alpine"
IN_COMMON = {
    *("timestamp", "level", "logger", "message", "request_id", "http.request.method"),
    *("http.response.status_code", "http.response.body.size", "duration_ms", "client.address"),
}


def test_a_request_has_one_id_on_both_sides(everything: Stack) -> None:
    given = ask(everything.address, "/greetings/ada", X_Request_ID="from.outside-1")
    assert given.headers["x-request-id"] == "from.outside-1"
    made = ask(everything.address, "/greetings/ada", X_Request_ID="no good").headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{32}", made)
    for service in ("proxy", "web"):
        ids = [line.get("request_id") for line in everything.lines(service)]
        assert {"from.outside-1", made} <= set(ids), service


def test_both_sides_name_the_fields_of_a_request_alike(everything: Stack) -> None:
    ask(everything.address, "/nowhere?token=hush", X_Request_ID="alike")
    seen = {}
    for service in ("proxy", "web"):
        seen[service] = next(
            it for it in everything.lines(service) if it.get("request_id") == "alike"
        )
        assert seen[service].keys() >= IN_COMMON
        assert "hush" not in str(seen[service])
    for name in IN_COMMON - {"timestamp", "logger", "message", "duration_ms"}:
        assert seen["proxy"][name] == seen["web"][name], name
        assert type(seen["proxy"][name]) is type(seen["web"][name]), name
    assert seen["proxy"]["url.path"] == seen["web"]["url.path"] == "/nowhere"


def test_hostile_requests_make_lines_of_json_too(everything: Stack) -> None:
    before = len(everything.lines("proxy"))
    hostile = [
        b'GET /"quotes"\\and\\n HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
        b"GET /\xff\xfe\xc3\x28 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
    ]
    for request in hostile:
        with socket.create_connection(everything.address) as client:
            client.sendall(request)
            while client.recv(65536):
                pass
    assert len(everything.lines("proxy")) >= before + len(hostile) - 1


def test_a_client_is_who_the_proxy_sees_not_who_it_says_it_is(everything: Stack) -> None:
    claims = {"X_Forwarded_For": FORGED, "Forwarded": f"for={FORGED}", "X_Real_IP": FORGED}
    ask(everything.address, "/greetings/ada", X_Request_ID="forged", **claims)
    line = next(it for it in everything.lines("web") if it.get("request_id") == "forged")
    proxy = next(it for it in everything.lines("proxy") if it.get("request_id") == "forged")
    assert line["client.address"] == proxy["client.address"] != FORGED
    assert line["client.address"] != proxy["upstream.address"].split(":")[0]


def test_whose_word_was_not_taken_is_a_line_of_the_service_once(everything: Stack) -> None:
    def ignored() -> list[str]:
        lines = everything.lines("web")
        return [it["proxy"] for it in lines if it["message"] == "forwarded headers ignored"]

    def ask_again() -> bool:
        ask(everything.address, "/livez", X_Forwarded_Proto="https")
        time.sleep(0.5)
        return bool(ignored())

    eventually(ask_again)
    for _ in range(3):
        ask_again()
    line = everything.lines("proxy")[-1]
    assert ignored() == [line["client.address"]]


def test_a_trusted_proxy_in_front_tells_the_client_and_the_scheme(everything: Stack) -> None:
    networks = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16"
    claims = {"X_Forwarded_For": f"192.0.2.99, {FORGED}", "X_Forwarded_Proto": "https"}
    seen = {}
    for trusted in (networks, ""):
        everything.variables = {"TRUSTED_PROXIES": trusted}
        everything.compose("up", "--detach", "--wait", "--no-deps", "proxy")
        name = f"trusted{len(trusted)}"
        led = ask(everything.address, "/greetings/ada/", X_Request_ID=name, **claims)
        line = next(it for it in everything.lines("web") if it.get("request_id") == name)
        seen[trusted] = (led.headers["location"].partition(":")[0], line["client.address"])
    everything.variables = {}
    assert seen[networks] == ("https", FORGED)
    assert seen[""][0] == "http"
    assert seen[""][1] not in {FORGED, "192.0.2.99"}


@pytest.mark.parametrize("path", ["/health", "/startupz", "/metrics", "//health", "/%68ealth"])
def test_what_is_for_those_inside_is_not_there(everything: Stack, path: str) -> None:
    answer = ask(everything.address, path, Authorization="Bearer anything")
    assert answer.status == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/version", "/greetings/ada"])
def test_the_rest_is_there(everything: Stack, path: str) -> None:
    assert ask(everything.address, path).status == 200


def test_proxy_and_prometheus_alone_are_published_and_to_this_machine_alone(
    everything: Stack,
) -> None:
    ports = docker(
        "ps",
        "--filter",
        f"label=com.docker.compose.project={everything.project}",
        "--format",
        '{{.Label "com.docker.compose.service"}} {{.Ports}}',
    )
    published = [line for line in ports.splitlines() if "->" in line]
    assert {line.split()[0] for line in published} == {"prometheus", "proxy"}
    for line in published:
        assert {*re.findall(r"(\S+):\d+->", line)} == {"127.0.0.1"}


@pytest.mark.parametrize(("size", "status"), [(1_048_576, 422), (1_048_577, 413)])
def test_a_body_may_be_as_long_as_the_service_allows(
    everything: Stack, size: int, status: int
) -> None:
    body = '{"names": ["' + "a" * (size - 15) + '"]}'
    assert len(body) == size
    answer = ask(everything.address, "/greetings", "POST", body, Content_Type="application/json")
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status


@pytest.mark.parametrize(("size", "status"), [(15_000, 200), (20_000, 431)])
def test_a_head_may_be_as_long_as_the_service_allows(
    everything: Stack, size: int, status: int
) -> None:
    answer = ask(everything.address, "/greetings/ada", X_Long="a" * size)
    assert answer.status == status
    assert status == 200 or answer.json()["title"] == HTTPStatus(status).phrase


def test_long_answers_are_compressed_and_can_still_be_changed(everything: Stack) -> None:
    note = '{"title": "long", "text": "' + "words " * 1000 + '"}'
    json = {"Content_Type": "application/json"}
    made = ask(everything.address, "/notes", "POST", note, **json)
    path = made.headers["location"]
    read = ask(everything.address, path, Accept_Encoding="gzip")
    assert read.headers["content-encoding"] == "gzip"
    assert len(read.body) < 500
    changed = ask(everything.address, path, "PUT", note, **json, If_Match=read.headers["etag"])
    assert changed.status == 200, changed


def test_a_client_that_asks_too_much_is_told_to_come_back(everything: Stack) -> None:
    with edited(
        everything,
        "http.conf",
        ("dry_run on", "dry_run off"),
        ("burst=200", "burst=1"),
        ("100r/s", "1r/s"),
    ):
        with ThreadPoolExecutor(8) as threads:
            given = list(threads.map(lambda _: ask(everything.address, "/livez"), range(8)))
        refused = [answer for answer in given if answer.status == 429]
        assert refused
        assert refused[0].headers["retry-after"] == "1"
        assert refused[0].json()["title"] == "Too Many Requests"
    eventually(lambda: is_ready(everything.address))


def test_without_a_replica_clients_get_a_problem_and_come_back(everything: Stack) -> None:
    everything.compose("kill", "web")
    try:
        answer = ask(everything.address, "/greetings/ada")
        assert answer.status in {502, 504}
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["retry-after"] == "1"
        assert answer.json()["status"] == answer.status
    finally:
        everything.compose("up", "--detach", "--wait", "--no-deps", "--no-recreate", "web")
    eventually(lambda: is_ready(everything.address))


@contextmanager
def edited(stack: Stack, file: str, *changes: tuple[str, str]) -> Iterator[None]:
    """Change nginx's configuration and let it read that, for the time of a block."""
    path = stack.path / "proxy" / "nginx" / file
    before = after = path.read_text()
    for old, new in changes:
        assert old in after
        after = after.replace(old, new)
    try:
        for text in (after, before):
            path.write_text(text)
            stack.compose("exec", "-T", "proxy", "nginx", "-s", "reload")
            if text == after:
                time.sleep(1)  # old workers still answer for a while
                yield
    finally:
        path.write_text(before)


def test_the_configuration_is_sound(everything: Stack) -> None:
    folder = everything.path / "proxy" / "nginx"
    said = run("gixy", "nginx.conf", cwd=folder).stdout
    assert "No issues found" in said, said
    check = ("--entrypoint=sh", PROXY, "/etc/nginx/start.sh", "-t")
    run(
        "docker",
        "run",
        "--rm",
        "--read-only",
        "--tmpfs=/tmp",
        f"--volume={folder}:/etc/nginx:ro",
        *check,
    )


def test_with_a_certificate_it_speaks_https_and_leads_there(
    everything: Stack, tmp_path: Path
) -> None:
    tmp_path.chmod(0o755)
    subject = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    pair = ("-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "certificate.pem"))
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject, *pair)
    (tmp_path / "key.pem").chmod(0o644)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    everything.variables = {
        "COMPOSE_FILE": "compose.yaml:proxy/compose.tls.yaml",
        "TLS_FOLDER": str(tmp_path),
        "HTTPS_PORT": str(port),
    }
    try:
        everything.compose("up", "--detach", "--wait", "--no-deps", "proxy")
        led = ask(everything.address, "/greetings/ada?x=1", Host="localhost")
        assert led.status == 308
        assert led.headers["location"] == f"https://localhost:{port}/greetings/ada?x=1"
        trust = ssl.create_default_context(cafile=tmp_path / "certificate.pem")
        with urllib.request.urlopen(
            f"https://localhost:{port}/greetings/ada", context=trust
        ) as said:
            assert said.status == 200
    finally:
        everything.variables = {}
        everything.compose("up", "--detach", "--wait", "--no-deps", "proxy")
