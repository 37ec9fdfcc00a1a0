"""The lock, the gates' figures, nginx's configuration."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

import pytest

from chassis.rollout.counts import Counts, parse
from chassis.rollout.errors import Refused
from chassis.rollout.fleet import Traffic
from chassis.rollout.lock import Holder, held, holder
from chassis.rollout.nginx import keeping, traffic_part

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


def test_the_second_is_told_who_is_first_and_a_dead_holder_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    me = Holder.me("deploy canary x")
    assert holder(path) is None
    with held(path, me):
        assert holder(path) == me
        told = rf"process {os.getpid()} on .*, since .*\): deploy canary x\. Wait for it"
        with pytest.raises(Refused, match=told), held(path, me):
            pass
    assert holder(path) is None
    path.write_text('{"pid": 1}')  # left by one who was killed
    with held(path, me):
        assert holder(path) == me


def test_somebody_who_only_looks_keeps_nobody_out(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.touch()
    descriptor = os.open(path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    with pytest.raises(Refused, match="somebody unnamed"), held(path, Holder.me("x")):
        pass
    os.close(descriptor)
    with held(path, Holder.me("x")):
        pass


def test_a_lock_that_cannot_be_written_is_refused_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    path = tmp_path / "state" / "lock"
    with pytest.raises(Refused, match=f"{path}: cannot be written: "), held(path, Holder.me("x")):
        pass


def test_figures_are_those_of_users() -> None:
    counts = parse(COUNTS, ignored=("/readyz",))
    assert (counts.requests, counts.errors) == (100, 3)
    assert counts.error_ratio(least=100) == 0.03
    assert counts.quantile(0.99, least=100) == pytest.approx(0.91)
    assert counts.quantile(0.5, least=100) == pytest.approx(0.05556, abs=1e-4)


def test_requests_that_are_missing_count_as_good() -> None:
    counts = parse(COUNTS, ignored=("/readyz",))
    assert counts.error_ratio(least=1000) == 0.003
    assert counts.quantile(0.99, least=10_000) == 0
    assert Counts().error_ratio(least=0) == 0


class Nginx:
    def __init__(self, *, resolves: bool) -> None:
        self.resolves = resolves

    def admin_listen(self) -> str:
        return "8082"


def part(sticky: str, *, resolves: bool = False, share: float = 5) -> str:
    traffic = Traffic(("a", "b"), ("c",), share)
    upstreams = {name: f"host-{name}:8000" for name in "abc"}
    nginx = Nginx(resolves=resolves)
    return traffic_part(traffic, upstreams, sticky, nginx, "/version")[0]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sticky", "line"),
    [
        ("client", "default $remote_addr;"),
        ("header:X-User-Id", "map $http_x_user_id $rollout_user {"),
        ("cookie:side", '"" "side=$request_id; Path=/; HttpOnly; SameSite=Lax";'),
    ],
)
def test_a_canary_splits_users_by_what_they_carry(sticky: str, line: str) -> None:
    text = part(sticky)
    assert line in text
    split = 'split_clients "c $rollout_user" $rollout_app {\n    5.00% canary;\n    * stable;\n}'
    assert split in text
    assert "server host-a:8000 max_fails=0 backup;" in text
    assert ("Set-Cookie" in text) == (sticky == "cookie:side")


def test_names_are_looked_up_while_it_runs_only_where_there_are_names() -> None:
    assert "resolve" not in part("client")
    text = part("client", resolves=True)
    assert "zone canary 128k;\n    server host-c:8000 resolve max_fails=0;" in text
    assert "server host-c:8000 max_fails=0 backup;" in text


def test_the_admin_port_passes_on_who_answers() -> None:
    admin = part("client").partition("listen 8082;")[2]
    assert 'location = "/version" {' in admin
    assert "proxy_pass http://$rollout_app;" in admin


def test_another_traffic_is_another_generation() -> None:
    assert part("client", share=5) == part("client", share=5)
    assert part("client", share=5) != part("client", share=6)


def test_old_versions_of_nginx_close_what_newer_ones_may_keep() -> None:
    assert keeping((1, 22, 1)) == "keepalive_timeout 0;"
    assert keeping((1, 27, 4)) == keeping((1, 30, 0)) == "keepalive_min_timeout 2s;"
