"""Both families are listened on, each by itself."""

from __future__ import annotations

import socket
from contextlib import ExitStack, closing, suppress
from errno import EADDRINUSE, EAFNOSUPPORT
from http.client import HTTPConnection

import pytest

from chassis.listeners import bind_listeners
from chassis.testing.process import Running

BOTH = "0.0.0.0,::"


def test_one_port_is_bound_in_each_family_and_ipv6_takes_no_ipv4() -> None:
    with ExitStack() as stack:
        bound = [stack.enter_context(closing(it)) for it in bind_listeners(BOTH, 0)]
        assert [it.family for it in bound] == [socket.AF_INET, socket.AF_INET6]
        assert len({it.getsockname()[1] for it in bound}) == 1
        assert bound[1].getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)


def test_a_family_that_the_machine_lacks_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def create(family: socket.AddressFamily, *others: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(EAFNOSUPPORT, "Address family not supported by protocol")
        return real(family, *others)

    real = socket.socket
    monkeypatch.setattr(socket, "socket", create)
    (only,) = bind_listeners(BOTH, 0)
    only.close()
    with pytest.raises(OSError, match="not supported"):
        bind_listeners("::", 0)


def test_a_port_in_use_is_an_error_that_leaves_nothing_bound() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use") as refused:
            bind_listeners("127.0.0.1,::1", port)
        assert refused.value.errno == EADDRINUSE
        with suppress(OSError):
            socket.create_server(("127.0.0.1", port)).close()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_service_answers_in_both_families_and_knows_its_clients(host: str) -> None:
    with Running(SERVER_HOST=BOTH, SERVER_TRUSTED_PROXIES="::1/128") as running:
        port = running.address[1]
        with closing(HTTPConnection(host, port, timeout=60)) as client:
            client.request("GET", "/nowhere", headers={"X-Forwarded-For": "192.0.2.7"})
            assert client.getresponse().status == 404
        seen = running.said("GET (no route) 404")["client.address"]
        assert seen == ("192.0.2.7" if host == "::1" else "127.0.0.1")
