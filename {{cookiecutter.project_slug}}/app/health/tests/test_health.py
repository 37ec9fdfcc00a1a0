from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from app.health import Health
from app.service import Check, Identity, Service

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fastapi import FastAPI

    from app.exchange import Exchange

TOKEN = "a-token-of-thirty-two-bytes-or-more"
DSN = "amqp://user:hunter2@10.0.0.7/orders"


class Dependency:
    """Something that works, fails or hangs as a test says, and counts how often it was asked."""

    def __init__(self, mood: str = "well") -> None:
        self.mood = mood
        self.asked = 0

    async def __call__(self) -> None:
        self.asked += 1
        await asyncio.sleep(0.01)
        if self.mood == "failing":
            raise ConnectionRefusedError(DSN)
        if self.mood == "exiting":
            raise SystemExit(DSN)
        bound = time.monotonic() + 3
        while self.mood == "deaf" and time.monotonic() < bound:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0.5)
        if self.mood == "hanging":
            await asyncio.sleep(3)


def installed(health: Health, **checks: Check) -> Service:
    identity = Identity(name="orders", version="1.2.3", revision="abc")
    service = Service(identity=identity, environment="test", checks=checks)
    health.install(service)
    return service


def client(app: FastAPI) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://t")


def check(probe: Callable[[], Awaitable[object]], gates: Any, timeout: float = 0.2) -> Check:
    return Check(probe=probe, gates=gates, timeout=timeout)


async def test_without_checks_every_probe_is_answered_with_pass() -> None:
    async with client(installed(Health()).build()) as http:
        for path in ("/livez", "/readyz", "/startupz", "/health"):
            answer = await http.get(path)
            assert (answer.status_code, answer.json()) == (200, {"status": "pass"})
            assert answer.headers["cache-control"] == "no-store"
            assert (await http.head(path)).status_code == 200


async def test_the_version_is_told_to_whoever_probes() -> None:
    service = installed(Health())
    async with client(service.build()) as http:
        answer = await http.get("/version")
    assert answer.json() == {"name": "orders", "version": "1.2.3", "revision": "abc"}
    assert service.probes == {"/livez", "/readyz", "/startupz", "/health", "/version"}


async def test_start_up_waits_for_the_first_success_and_a_later_failure_only_degrades() -> None:
    broker = Dependency("failing")
    service = installed(Health(cache_seconds=0), broker=check(broker, "startup"))
    async with client(service.build()) as http:

        async def statuses() -> list[tuple[int, str | None]]:
            answers = [await http.get(path) for path in ("/startupz", "/readyz", "/health")]
            return [(answer.status_code, answer.json().get("reason")) for answer in answers]

        assert await statuses() == [(503, "starting")] * 3
        broker.mood = "well"
        assert await statuses() == [(200, None)] * 3
        broker.mood = "failing"
        assert await statuses() == [(200, None), (200, None), (200, "degraded")]
        assert (await http.get("/health")).json() == {"status": "warn", "reason": "degraded"}


async def test_a_check_that_gates_readiness_takes_the_service_out_and_back_in() -> None:
    disk = Dependency("failing")
    service = installed(Health(cache_seconds=0), disk=check(disk, "readiness"))
    async with client(service.build()) as http:
        for path in ("/readyz", "/health"):
            answer = await http.get(path)
            assert (answer.status_code, answer.json()["reason"]) == (503, "failing")
        assert (await http.get("/startupz")).status_code == 200
        disk.mood = "well"
        assert (await http.get("/readyz")).status_code == 200


async def test_a_check_that_gates_nothing_only_degrades() -> None:
    mail = Dependency("failing")
    async with client(installed(Health(), mail=check(mail, "nothing")).build()) as http:
        assert (await http.get("/readyz")).json() == {"status": "pass"}
        assert mail.asked == 0, "readiness runs only what it needs"
        answer = await http.get("/health")
        assert (answer.status_code, answer.json()["status"]) == (200, "warn")


async def test_a_draining_service_is_not_ready_but_lives_and_asks_nobody() -> None:
    disk = Dependency()
    service = installed(Health(), disk=check(disk, "readiness"))
    service.draining = True
    async with client(service.build()) as http:
        answer = await http.get("/readyz")
        assert (answer.status_code, answer.json()["reason"]) == (503, "draining")
        assert disk.asked == 0
        assert (await http.get("/livez")).status_code == 200
        assert (await http.get("/health")).json() == {"status": "fail", "reason": "draining"}


async def test_a_probe_under_way_when_draining_begins_hears_of_it() -> None:
    released = asyncio.Event()
    service = installed(Health(), slow=check(released.wait, "readiness", timeout=5))
    async with client(service.build()) as http:
        ready = asyncio.create_task(http.get("/readyz"))
        await asyncio.sleep(0.05)
        service.draining = True
        released.set()
        assert (await ready).json() == {"status": "fail", "reason": "draining"}


@pytest.mark.parametrize("mood", ["hanging", "deaf"])
async def test_whatever_hangs_readiness_answers_under_two_seconds_and_liveness_at_once(
    mood: str,
) -> None:
    patient = {f"c{n}": check(Dependency(mood), "readiness", timeout=60) for n in range(5)}
    patient |= {f"s{n}": check(Dependency(mood), "startup", timeout=60) for n in range(5)}
    service = installed(Health(), **patient)
    async with client(service.build()) as http:
        began = time.monotonic()
        ready = asyncio.create_task(http.get("/readyz"))
        await asyncio.sleep(0.1)
        assert (await http.get("/livez")).status_code == 200
        assert not ready.done()
        assert (await ready).status_code == 503
        assert time.monotonic() - began < 2
    for one in service.checks.values():
        one.probe.mood = "well"  # type: ignore[attr-defined]


async def test_a_run_that_ignores_its_cancellation_counts_as_failed_and_is_not_doubled() -> None:
    deaf = Dependency("deaf")
    service = installed(Health(cache_seconds=0, details="always"), deaf=check(deaf, "readiness"))
    async with client(service.build()) as http:
        for _ in range(3):
            found = (await http.get("/health")).json()["checks"]["deaf"]
            assert (found["status"], found["reason"]) == ("fail", "TimeoutError")
        assert deaf.asked == 1
        deaf.mood = "well"
        await asyncio.sleep(0.6)
        assert (await http.get("/readyz")).status_code == 200
        assert deaf.asked == 2


async def test_a_hundred_probes_at_once_cost_one_run_and_one_that_leaves_disturbs_nobody() -> None:
    runs: list[None] = []
    entered, released = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        runs.append(None)
        entered.set()
        await released.wait()

    async with client(
        installed(Health(), slow=check(slow, "readiness", timeout=5)).build()
    ) as http:
        probes = [asyncio.create_task(http.get("/readyz")) for _ in range(100)]
        await asyncio.wait_for(entered.wait(), 5)
        probes[0].cancel()
        await asyncio.wait({probes[0]})
        released.set()
        answers = await asyncio.gather(*probes[1:])
        assert {answer.status_code for answer in answers} == {200}
        assert (await http.get("/health")).status_code == 200
    assert len(runs) == 1


async def test_a_return_is_seen_when_the_cached_outcome_is_stale() -> None:
    broker = Dependency("hanging")
    health = Health(cache_seconds=0.2)
    async with client(installed(health, broker=check(broker, "readiness")).build()) as http:
        assert (await http.get("/readyz")).status_code == 503
        broker.mood = "well"
        assert (await http.get("/readyz")).status_code == 503, "cached"
        await asyncio.sleep(0.2)
        assert (await http.get("/readyz")).status_code == 200


def test_a_check_that_exits_fails_and_the_service_lives() -> None:
    service = installed(Health(), evil=check(Dependency("exiting"), "readiness"))
    with TestClient(service.build()) as http:
        assert http.get("/readyz").status_code == 503
        assert http.get("/livez").status_code == 200


def test_a_probe_that_is_no_coroutine_function_fails_alone() -> None:
    def broken() -> Awaitable[object]:
        raise LookupError

    with TestClient(installed(Health(), broken=check(broken, "nothing")).build()) as http:
        assert http.get("/health").json()["status"] == "warn"


@pytest.mark.parametrize(
    ("health", "header", "shown"),
    [
        (Health(details="always"), "", True),
        (Health(details="never", token=SecretStr(TOKEN)), f"Bearer {TOKEN}", False),
        (Health(token=SecretStr(TOKEN)), f"Bearer {TOKEN}", True),
        (Health(token=SecretStr(TOKEN)), f"bearer  {TOKEN}", True),
        (Health(token=SecretStr(TOKEN)), f"Basic {TOKEN}", False),
        (Health(token=SecretStr(TOKEN)), f"Bearer {TOKEN}x", False),
        (Health(token=SecretStr(TOKEN)), "Bearer ", False),
        (Health(token=SecretStr(TOKEN)), "", False),
        (Health(), "Bearer ", False),
        (Health(), "Bearer None", False),
    ],
)
def test_details_are_shown_only_with_permission(
    health: Health, header: str, *, shown: bool
) -> None:
    service = installed(health, broker=check(Dependency("failing"), "readiness"))
    with TestClient(service.build()) as http:
        answer = http.get("/health", headers={"authorization": header})
    assert answer.status_code == 503
    assert ("checks" in answer.json()) is shown


def test_a_token_of_any_bytes_is_refused_without_an_error() -> None:
    health = Health(token=SecretStr("ü" * 32))
    assert not health.may_see(b"Bearer \xff\xfe")
    assert health.may_see(b"Bearer " + ("ü" * 32).encode())


def test_a_token_that_the_environment_gave_in_other_bytes_than_utf_8_is_one_like_any() -> None:
    health = Health(token=SecretStr(b"\xff".decode(errors="surrogateescape") * 32))
    assert not list(health.insecure())
    assert health.may_see(b"Bearer " + b"\xff" * 32)
    assert not health.may_see(b"Bearer " + b"\xff" * 31)


def test_the_details_name_what_failed_and_nothing_inside(caplog: pytest.LogCaptureFixture) -> None:
    service = installed(
        Health(details="always"),
        broker=check(Dependency("failing"), "readiness"),
        cache=check(Dependency(), "startup"),
    )
    with TestClient(service.build()) as http:
        answer = http.get("/health")
    checks = answer.json()["checks"]
    assert 0.01 < checks["cache"].pop("seconds") < 1
    assert checks["cache"] == {"status": "pass"}
    assert checks["broker"]["status"] == "fail"
    assert checks["broker"]["reason"] == "ConnectionRefusedError"
    assert "hunter2" not in answer.text
    assert "10.0.0.7" not in answer.text
    assert "check broker fails" in caplog.text


async def test_a_change_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    broker = Dependency("failing")
    service = installed(Health(cache_seconds=0), broker=check(broker, "readiness"))
    async with client(service.build()) as http:
        for mood in ("failing", "failing", "well", "well"):
            broker.mood = mood
            await http.get("/readyz")
    said = [record.getMessage() for record in caplog.records if record.name == "app.health.checks"]
    assert len(said) == 2
    assert said[1] == "check broker is well"


def test_probes_are_seen_under_their_paths() -> None:
    service = installed(Health())
    seen: list[str | None] = []

    def observe(exchange: Exchange) -> None:
        seen.append(exchange.route)

    service.observers.append(observe)
    with TestClient(service.build()) as http:
        for path in ("/livez", "/version"):
            http.get(path)
    assert seen == ["/livez", "/version"]


def test_production_refuses_details_for_all_and_a_token_that_can_be_guessed() -> None:
    assert [field for field, _ in Health(details="always").insecure()] == ["details"]
    assert [field for field, _ in Health(token=SecretStr("x" * 31)).insecure()] == ["token"]
    assert not list(Health(token=SecretStr(TOKEN)).insecure())
    assert not list(Health().insecure())
