from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from chassis.application import Application
from chassis.health import Health
from chassis.health.tests.dependency import Dependency, check, client, installed

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from chassis.exchange import Exchange


async def test_without_checks_every_probe_is_answered_with_pass() -> None:
    async with client(Application(installed(Health()))) as http:
        for path in ("/livez", "/readyz", "/startupz", "/health"):
            answer = await http.get(path)
            assert (answer.status_code, answer.json()) == (200, {"status": "pass"})
            assert answer.headers["cache-control"] == "no-store"
            assert (await http.head(path)).status_code == 200


async def test_the_version_is_told_to_whoever_probes() -> None:
    service = installed(Health())
    async with client(Application(service)) as http:
        answer = await http.get("/version")
    assert answer.json() == {"name": "orders", "version": "1.2.3", "revision": "abc"}
    assert service.probes == {"/livez", "/readyz", "/startupz", "/health", "/version"}


async def test_start_up_waits_for_the_first_success_and_a_later_failure_only_degrades() -> None:
    broker = Dependency("failing")
    service = installed(Health(cache_seconds=0), broker=check(broker, "startup"))
    async with client(Application(service)) as http:

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
    async with client(Application(service)) as http:
        for path in ("/readyz", "/health"):
            answer = await http.get(path)
            assert (answer.status_code, answer.json()["reason"]) == (503, "failing")
        assert (await http.get("/startupz")).status_code == 200
        disk.mood = "well"
        assert (await http.get("/readyz")).status_code == 200


async def test_a_check_that_gates_nothing_only_degrades() -> None:
    mail = Dependency("failing")
    async with client(Application(installed(Health(), mail=check(mail, "nothing")))) as http:
        assert (await http.get("/readyz")).json() == {"status": "pass"}
        assert mail.asked == 0, "readiness runs only what it needs"
        answer = await http.get("/health")
        assert (answer.status_code, answer.json()["status"]) == (200, "warn")


async def test_a_draining_service_is_not_ready_but_lives_and_asks_nobody() -> None:
    disk = Dependency()
    service = installed(Health(), disk=check(disk, "readiness"))
    service.draining = True
    async with client(Application(service)) as http:
        answer = await http.get("/readyz")
        assert (answer.status_code, answer.json()["reason"]) == (503, "draining")
        assert disk.asked == 0
        assert (await http.get("/livez")).status_code == 200
        assert (await http.get("/health")).json() == {"status": "fail", "reason": "draining"}


async def test_a_probe_under_way_when_draining_begins_hears_of_it() -> None:
    released = asyncio.Event()
    service = installed(Health(), slow=check(released.wait, "readiness", timeout=5))
    async with client(Application(service)) as http:
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
    async with client(Application(service)) as http:
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
    async with client(Application(service)) as http:
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
        Application(installed(Health(), slow=check(slow, "readiness", timeout=5)))
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
    async with client(Application(installed(health, broker=check(broker, "readiness")))) as http:
        assert (await http.get("/readyz")).status_code == 503
        broker.mood = "well"
        assert (await http.get("/readyz")).status_code == 503, "cached"
        await asyncio.sleep(0.2)
        assert (await http.get("/readyz")).status_code == 200


def test_a_check_that_exits_fails_and_the_service_lives() -> None:
    service = installed(Health(), evil=check(Dependency("exiting"), "readiness"))
    with TestClient(Application(service)) as http:
        assert http.get("/readyz").status_code == 503
        assert http.get("/livez").status_code == 200


def test_a_probe_that_is_no_coroutine_function_fails_alone() -> None:
    def broken() -> Awaitable[object]:
        raise LookupError

    with TestClient(Application(installed(Health(), broken=check(broken, "nothing")))) as http:
        assert http.get("/health").json()["status"] == "warn"


async def test_a_change_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    broker = Dependency("failing")
    service = installed(Health(cache_seconds=0), broker=check(broker, "readiness"))
    async with client(Application(service)) as http:
        for mood in ("well", "failing", "failing", "well", "well"):
            broker.mood = mood
            await http.get("/readyz")
    said = [record for record in caplog.records if record.name == "chassis.health.checks"]
    assert [it.getMessage() for it in said] == ["check failed", "check recovered"]
    assert {vars(it)["check"] for it in said} == {"broker"}
    assert "ConnectionRefusedError" in vars(said[0])["error"]


def test_probes_are_seen_under_their_paths() -> None:
    service = installed(Health())
    seen: list[str | None] = []

    def observe(exchange: Exchange) -> None:
        seen.append(exchange.route)

    service.observers.append(observe)
    with TestClient(Application(service)) as http:
        for path in ("/livez", "/version"):
            http.get(path)
    assert seen == ["/livez", "/version"]
