"""The issuer's keys are available, whatever the issuer does."""

from __future__ import annotations

import asyncio
import json
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING

import httpx2
import pytest

from chassis.application import Application
from chassis.auth import Auth
from chassis.auth import issuer_keys as module
from chassis.auth.issuer_keys import IssuerKeys
from chassis.auth.tests.issuing import DISCOVERY, EC, OTHER_RSA, RSA, Issuer
from chassis.auth.tests.keeping import BAD, kept, late, until
from chassis.auth.tests.orders import board
from chassis.auth.tokens import TokenRejected
from chassis.health import Health
from chassis.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from chassis.auth.tests.issuing import Answer


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that have passed, for the keys' sense of time; sleeps last no shorter."""
    now = [1000.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    return now


async def test_keys_are_discovered_and_fetched_before_anybody_asks(issuer: Issuer) -> None:
    async with kept(Auth(issuer=issuer.url)) as keys:
        assert keys.is_up
        assert issuer.paths == [DISCOVERY, "/keys"]
        for _ in range(100):
            assert await keys.find("rsa")
        assert len(issuer.paths) == 2


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9", "socks5://127.0.0.1:9"])
async def test_proxies_are_not_looked_for(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, proxy)
    async with kept(Auth(issuer=issuer.url)) as keys:
        assert keys.is_up


async def test_an_address_of_the_keys_makes_discovery_unnecessary(issuer: Issuer) -> None:
    async with kept(Auth(issuer="https://example.com", jwks_url=f"{issuer.url}/certs")) as keys:
        assert keys.is_up
        assert issuer.paths == ["/certs"]


async def test_strangers_cause_one_fetch_between_them_and_then_none_for_a_while(
    issuer: Issuer, clock: list[float]
) -> None:
    async with kept(Auth(issuer=issuer.url, jwks_url=f"{issuer.url}/keys")) as keys:
        assert len(issuer.paths) == 1
        for begin in range(5):
            clock[0] += module.MIN_FETCH_INTERVAL + 1
            outcomes = await asyncio.gather(
                *(keys.find(f"{begin}-{n}") for n in range(200)), return_exceptions=True
            )
            assert {str(outcome) for outcome in outcomes} == {"unknown_key"}
            for n in range(20):
                with pytest.raises(TokenRejected):
                    await keys.find(f"later-{n}")
            assert len(issuer.paths) == 2 + begin


async def test_a_new_key_is_found_by_the_first_token_it_signed(
    issuer: Issuer, clock: list[float]
) -> None:
    async with kept(Auth(issuer=issuer.url)) as keys:
        issuer.keys = [OTHER_RSA.as_dict(private=False, kid="new")]
        with pytest.raises(TokenRejected):
            await keys.find("new")
        clock[0] += module.MIN_FETCH_INTERVAL
        assert await keys.find("new")
        with pytest.raises(TokenRejected):
            await keys.find("rsa")


async def test_who_leaves_early_cancels_nobodys_fetch(issuer: Issuer, clock: list[float]) -> None:
    async with kept(Auth(issuer=issuer.url)) as keys:
        issuer.keys.append(EC.as_dict(private=False, kid="new"))
        clock[0] += module.MIN_FETCH_INTERVAL
        first, second = (asyncio.create_task(keys.find("new")) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        assert await second


async def test_a_fetch_belongs_to_nobody_who_waits_for_it(
    issuer: Issuer, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    asker = ContextVar("asker", default="nobody")
    addresses = []
    async with kept(Auth(issuer=issuer.url, jwks_url=f"{issuer.url}/keys")) as keys:
        get = keys._fetch_json  # noqa: SLF001 - where lines would be written

        async def noted(url: str) -> object:
            addresses.append(asker.get())
            return await get(url)

        monkeypatch.setattr(keys, "_fetch_json", noted)
        clock[0] += module.MIN_FETCH_INTERVAL
        asker.set("somebody")
        with pytest.raises(TokenRejected):
            await keys.find("new")
    assert addresses == ["nobody"]


@pytest.mark.parametrize("seconds", [300, 86_400])
async def test_keys_outlive_an_outage_of_their_issuer(
    issuer: Issuer, clock: list[float], seconds: float
) -> None:
    async with kept(Auth(issuer=issuer.url)) as keys:
        issuer.answers = dict.fromkeys((DISCOVERY, "/keys"), lambda: (503, {}, b""))
        clock[0] += seconds
        with pytest.raises(TokenRejected):
            await keys.find("unknown")
        assert not keys.is_up
        assert await keys.find("rsa")


async def test_keys_that_are_too_old_are_used_no_more_and_clients_told_to_come_back(
    issuer: Issuer, clock: list[float]
) -> None:
    async with kept(Auth(issuer=issuer.url)) as keys:
        clock[0] += 86_401
        with pytest.raises(Problem) as raised:
            await keys.find("rsa")
        assert raised.value.status_code == 503
        assert raised.value.headers == {"Retry-After": "10"}


async def test_keys_are_fetched_again_by_and_by(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MIN_FETCH_INTERVAL", 0.01)
    auth = Auth(issuer=issuer.url).model_copy(update={"keys_refresh_seconds": 0.02})
    async with kept(auth):
        await until(lambda: issuer.paths.count("/keys") > 3)


@pytest.mark.parametrize("path", [DISCOVERY, "/keys"])
@pytest.mark.parametrize("answer", BAD.values(), ids=BAD)
async def test_an_issuer_that_misbehaves_costs_its_tokens_and_no_more(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch, path: str, answer: Callable[[bytes], Answer]
) -> None:
    monkeypatch.setattr(module, "TIMEOUT", 0.5)
    issuer.answers[path] = lambda: answer(issuer.keys_or_discovery()[2])
    service = board(Auth(issuer=issuer.url))
    Health(details="always").install(service)
    app = Application(service)
    headers = {"authorization": f"Bearer {issuer.sign().decode()}"}
    transport = httpx2.ASGITransport(app)
    async with (
        service.lifespan(app),
        httpx2.AsyncClient(transport=transport, base_url="http://t", headers=headers) as client,
    ):
        began = time.monotonic()
        answer_to_a_good_token = await client.get("/me")
        assert answer_to_a_good_token.status_code == 503
        assert answer_to_a_good_token.headers["retry-after"] == "10"
        assert time.monotonic() - began < 2
        assert (await client.get("/readyz")).status_code == 200
        health = (await client.get("/health")).json()
        assert (health["status"], health["checks"]["issuer"]["status"]) == ("warn", "warn")
        assert service.gauges["issuer_up"]() == 0
        bad = {"authorization": "Bearer a.b.c"}
        assert (await client.get("/me", headers=bad)).status_code == 401
        assert (await client.get("/open")).status_code == 200
    assert "/elsewhere" not in issuer.paths


async def test_an_issuer_that_returns_is_well_again(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "MIN_FETCH_INTERVAL", 0.05)
    caplog.set_level("INFO", "chassis.auth.issuer_keys")
    issuer.answers["/keys"] = lambda: (500, {}, b"")
    async with kept(Auth(issuer=issuer.url)) as keys:
        await asyncio.sleep(0.3)
        assert not keys.is_up
        issuer.answers.clear()
        await until(lambda: keys.is_up)
        await keys.probe()
        assert await keys.find("rsa")
    said = [
        record.levelname for record in caplog.records if record.name == "chassis.auth.issuer_keys"
    ]
    assert said == ["WARNING", "INFO"]


async def test_an_issuer_goes_by_the_name_it_was_asked_by(issuer: Issuer) -> None:
    document = json.dumps({"issuer": f"{issuer.url}/", "jwks_uri": f"{issuer.url}/keys"})
    issuer.answers[DISCOVERY] = lambda: (200, {}, document.encode())
    async with kept(Auth(issuer=issuer.url)) as keys:
        with pytest.raises(ValueError, match="has another issuer"):
            await keys.probe()
    async with kept(Auth(issuer=f"{issuer.url}/")) as keys:
        assert keys.is_up


async def test_no_keys_are_taken_over_an_open_line(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "https://login.example.com"
    keys = IssuerKeys(Auth(issuer=name))

    async def discover(_: str) -> object:
        return {"issuer": name, "jwks_uri": "http://login.example.com/keys"}

    monkeypatch.setattr(keys, "_fetch_json", discover)
    async with keys.lifespan():
        await keys.refresh()
        with pytest.raises(ValueError, match="without TLS"):
            await keys.probe()


async def test_the_loop_is_free_while_the_issuer_hangs(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TIMEOUT", 0.5)
    issuer.answers[DISCOVERY] = lambda: late(b"")
    keys = IssuerKeys(Auth(issuer=issuer.url))
    began = time.monotonic()
    async with keys.lifespan():
        waiting = asyncio.create_task(keys.find(RSA.kid))
        turns = 0
        while not waiting.done():
            await asyncio.sleep(0.01)
            turns += 1
        assert turns > 10
        with pytest.raises(Problem):
            await waiting
    assert time.monotonic() - began < 3
