"""What the containers are told agrees with what the service does."""

import re
from pathlib import Path

from app.main import Production
from chassis.security import Security
from chassis.server import CLOSE_SECONDS, EXIT_SECONDS, Server

ROOT = Path(__file__).parent.parent
HTTP, NGINX, LOCATION = (
    (ROOT / "proxy" / "nginx" / name).read_text()
    for name in ("http.conf", "nginx.conf", "location.conf")
)
IGNORED = (ROOT / ".gitignore").read_text().split()


def directive(text: str, name: str) -> str:
    """Value of the only directive of this name."""
    values = re.findall(rf"^\s*{name} (.+);$", text, re.MULTILINE)
    assert len(values) == 1, values
    return str(values[0])


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


def stop_grace(file: str) -> int:
    return seconds(re.findall(r"stop_grace_period: (\d+s)", (ROOT / file).read_text())[0])


def test_a_container_gets_the_time_that_a_stop_takes() -> None:
    server = Production.model_fields["server"].default
    longest = server.drain_seconds + server.grace_seconds + CLOSE_SECONDS + EXIT_SECONDS
    assert stop_grace("compose/web.yaml") >= longest
    assert seconds(directive(NGINX, "worker_shutdown_timeout")) >= server.grace_seconds
    assert stop_grace("proxy/compose.yaml") > seconds(directive(NGINX, "worker_shutdown_timeout"))


def test_the_proxy_has_the_limits_of_the_service() -> None:
    assert int(directive(HTTP, "client_max_body_size")) == Security().max_body_bytes
    assert directive(HTTP, "large_client_header_buffers") == f"1 {Server().max_head_bytes}"
    for name in ("client_header_timeout", "client_body_timeout"):
        assert seconds(directive(HTTP, name)) == Server().read_seconds


def test_the_proxy_lets_go_of_a_connection_before_the_service_does() -> None:
    kept = seconds(directive(NGINX, "keepalive_timeout"))
    assert kept < Server().keep_alive_seconds
    assert kept < Production.model_fields["server"].default.drain_seconds


def test_the_proxy_and_the_service_take_the_same_request_ids() -> None:
    pattern = re.findall(r'"~\^(.+)\$" \$http_x_request_id;', HTTP)
    kernel = (ROOT / "chassis" / "exchange.py").read_text()
    assert re.findall(r'REQUEST_ID = re.compile\(rb"(.+)"\)', kernel) == pattern


def test_the_proxy_never_repeats_what_may_have_written() -> None:
    assert directive(LOCATION, "proxy_next_upstream") == "error timeout"


def test_secrets_are_kept_out_of_the_repository() -> None:
    assert ".secrets/" in IGNORED
