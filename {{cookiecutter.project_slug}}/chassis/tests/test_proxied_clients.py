"""The address of a client, as proxies that are trusted or not name it."""

from contextlib import closing

import pytest

from chassis.testing.process import Running

PROGRAM = ("-m", "chassis.tests.serving")


@pytest.mark.parametrize(
    ("trusted", "seen"),
    [("", "127.0.0.1"), ("127.0.0.0/8", "192.0.2.7"), ("10.0.0.0/8", "127.0.0.1")],
)
def test_a_client_is_who_a_trusted_proxy_says_it_is(trusted: str, seen: str) -> None:
    with Running(*PROGRAM, SERVER_TRUSTED_PROXIES=trusted) as running:
        with closing(running.connect()) as client:
            client.request("GET", "/client", headers={"X-Forwarded-For": "192.0.2.7"})
            answer = client.getresponse()
            assert answer.read().decode() == f'"{seen}"'
        assert "server" not in answer.headers
        assert running.said("GET /client 200")["client.address"] == seen


@pytest.mark.parametrize(
    ("trusted", "headers", "proxy", "setting"),
    [
        ("10.0.0.0/8", {"X-Forwarded-For": "1"}, "127.0.0.1", "SERVER_TRUSTED_PROXIES"),
        ("", {"X-Forwarded-Proto": "https"}, "127.0.0.1", "SERVER_TRUSTED_PROXIES"),
        (
            "127.0.0.1",
            {"X-Forwarded-For": "1", "X-Forwarded-Ignored": "10.9.9.9"},
            "10.9.9.9",
            "TRUSTED_PROXIES",
        ),
    ],
)
def test_headers_of_a_proxy_that_is_not_trusted_are_told_of_once(
    trusted: str, headers: dict[str, str], proxy: str, setting: str
) -> None:
    with Running(SERVER_TRUSTED_PROXIES=trusted) as running:
        for _ in range(3):
            with closing(running.connect()) as client:
                client.request("GET", "/livez", headers=headers)
                client.getresponse().read()
        running.signal()
        assert running.exit_code() == 0
        warnings = [it for it in running.lines if it["message"] == "forwarded headers ignored"]
    (line,) = warnings
    assert (line["level"], line["proxy"]) == ("warning", proxy)
    assert line["advice"].endswith(f" to {setting}")


def test_headers_of_a_trusted_proxy_are_not_worth_a_line() -> None:
    with Running(SERVER_TRUSTED_PROXIES="127.0.0.1") as running:
        with closing(running.connect()) as client:
            client.request("GET", "/livez", headers={"X-Forwarded-For": "192.0.2.7"})
            client.getresponse().read()
        running.signal()
        assert running.exit_code() == 0
        assert not [it for it in running.lines if it["message"] == "forwarded headers ignored"]
