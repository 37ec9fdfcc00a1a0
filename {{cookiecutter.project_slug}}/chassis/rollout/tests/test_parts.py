"""The lock, the request counters, responses, and nginx's configuration."""

from __future__ import annotations

import fcntl
import os
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest

from chassis.rollout import proxy
from chassis.rollout.configuration import Configuration
from chassis.rollout.counts import Counts, parse_counts
from chassis.rollout.errors import RefusedError, StepError
from chassis.rollout.fleet import Fleet, Instance, Release, Traffic
from chassis.rollout.http_client import Address, Response, get
from chassis.rollout.lock import Holder, find_holder, hold_lock
from chassis.rollout.nginx import render_traffic
from chassis.rollout.tests.local_nginx import keep_alive_directive

if TYPE_CHECKING:
    from pathlib import Path

COUNTS = """\
# HELP http_requests_total Requests that have ended.
http_requests_total{method="GET",route="/a",status="200"} 97
http_requests_total{method="GET",route="/a",status="503"} 3
http_requests_total{method="GET",route="/readyz",status="200"} 5000
http_request_duration_seconds_bucket{method="GET",route="/a",status="200",le="0.1"} 90
http_request_duration_seconds_bucket{method="GET",route="/a",status="200",le="1.0"} 100
http_request_duration_seconds_bucket{method="GET",route="/a",status="200",le="+Inf"} 100
http_request_duration_seconds_bucket{method="GET",route="/readyz",status="200",le="0.1"} 5000
"""

HOLDER = Holder.current_process("rollout canary x")


def test_the_second_is_refused_with_the_holder_until_that_exits(
    tmp_path: Path,
) -> None:
    path = tmp_path / "lock"
    assert find_holder(path) is None
    with hold_lock(path, HOLDER):
        assert find_holder(path) == HOLDER
        message = rf"holds the lock: .*process {os.getpid()} on .*\): rollout canary x\.\nWait"
        with pytest.raises(RefusedError, match=message), hold_lock(path, HOLDER):
            pass
    assert find_holder(path) is None
    path.write_text('{"pid": 1}')  # left by one who was killed
    with hold_lock(path, HOLDER):
        assert find_holder(path) == HOLDER


def test_a_process_that_only_reads_the_holder_does_not_keep_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.touch()
    descriptor = os.open(path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    with (
        pytest.raises(RefusedError, match="unknown process"),
        hold_lock(path, HOLDER),
    ):
        pass
    os.close(descriptor)
    with hold_lock(path, HOLDER):
        pass


def test_a_lock_that_cannot_be_written_is_refused_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    path = tmp_path / "state" / "lock"
    with (
        pytest.raises(RefusedError, match=f"{path} cannot be written: "),
        hold_lock(path, HOLDER),
    ):
        pass


@pytest.mark.parametrize("length", [5, 6])
def test_a_response_that_is_cut_is_no_response(length: int) -> None:
    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\nhello" % length)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer)
        thread.start()
        address = Address(*listener.getsockname())
        if length == len("hello"):
            assert get(address, "/").body == "hello"
        else:
            with pytest.raises(OSError, match="/ answered incompletely, with 5 bytes"):
                get(address, "/")
        thread.join()


def test_requests_of_probes_do_not_count() -> None:
    counts = parse_counts(COUNTS, ignored=("/readyz",))
    assert (counts.requests, counts.errors) == (100, 3)
    assert counts.error_ratio(minimum=100) == 0.03
    assert counts.quantile(0.99, minimum=100) == pytest.approx(0.91)
    assert counts.quantile(0.5, minimum=100) == pytest.approx(0.05556, abs=1e-4)


def test_requests_that_are_missing_count_as_good() -> None:
    counts = parse_counts(COUNTS, ignored=("/readyz",))
    assert counts.error_ratio(minimum=1000) == 0.003
    assert counts.quantile(0.99, minimum=10_000) == 0
    assert Counts().error_ratio(minimum=0) == 0


def render(sticky: str, share: float = 5) -> str:
    traffic = Traffic(("a", "b"), ("c",), share)
    upstreams = {name: f"host-{name}:8000" for name in "abc"}
    return render_traffic(traffic, upstreams, sticky, "/version")[0]


@pytest.mark.parametrize(
    ("sticky", "line"),
    [
        ("none", "default $request_id;"),
        ("client", "default $remote_addr;"),
        ("header:X-User-Id", "map $http_x_user_id $rollout_user {"),
        ("cookie:side", '"" "side=$request_id; Path=/; HttpOnly; SameSite=Lax";'),
    ],
)
def test_a_canary_splits_users_by_address_header_or_cookie(sticky: str, line: str) -> None:
    text = render(sticky)
    assert line in text
    split = 'split_clients "c $rollout_user" $rollout_app {\n    5.00% canary;\n    * stable;\n}'
    assert split in text
    assert "server host-a:8000 max_fails=0 backup;" in text
    assert ("Set-Cookie" in text) == (sticky == "cookie:side")


def test_names_are_resolved_while_nginx_runs_and_while_it_loads() -> None:
    text = render("client")
    assert "zone canary 128k;\n    server host-c:8000 resolve max_fails=0;" in text
    assert "server host-c:8000 max_fails=0 backup;" in text


def test_the_admin_port_serves_the_revision() -> None:
    admin = render("client").partition("listen 8082;")[2]
    assert 'location = "/version" {' in admin
    assert "proxy_pass http://$rollout_app;" in admin


def test_other_traffic_is_another_generation() -> None:
    assert render("client", share=5) == render("client", share=5)
    assert render("client", share=5) != render("client", share=6)


def test_old_versions_of_nginx_close_connections_that_newer_ones_keep() -> None:
    assert keep_alive_directive("nginx/1.22.1") == "keepalive_timeout 0;"
    assert keep_alive_directive("nginx/1.27.4") == "keepalive_min_timeout 2s;"


@pytest.mark.parametrize("old", ["unknown", "one"])
def test_an_instance_that_does_not_know_its_revision_may_serve_beside_one_that_does(
    monkeypatch: pytest.MonkeyPatch, old: str
) -> None:
    """An image that was built without git says `unknown`, and both sides of a canary answer."""
    release = Release("shop", "sha256:1", "1")
    fleet = Fleet(
        (Instance("old", release, "blue", 0), Instance("new", release, "green", 1)),
        Traffic(("old",), ("new",), 50),
    )
    said = {"old": old, "new": "two"}
    generation: list[str] = []

    class Host:
        def get(self, instance: Instance, _: str) -> Response:
            return Response(200, f'{{"revision":"{said[instance.name]}"}}', 0)

        def upstream(self, instance: Instance) -> str:
            return instance.name

        def install(self, text: str) -> None:
            generation[:] = text.partition('return 200 "')[2].partition('"')[:1]

        def __getattr__(self, _: str) -> object:
            return set

    def ask(_: object, path: str, **__: object) -> Response:
        body = generation[0] if path == "/generation" else f'{{"revision":"{old}"}}'
        return Response(200, body, 0)

    monkeypatch.setattr(proxy, "get", ask)
    host: Any = Host()
    nginx = proxy.Proxy(Configuration(), host, host)
    nginx.shift(fleet)
    said["old"] = "three"
    if old == "one":
        with pytest.raises(StepError, match="revision 'one', which should receive none"):
            nginx.shift(fleet)
