from __future__ import annotations

import asyncio

import pytest
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from chassis.application import Application
from chassis.breaker import CircuitOpen
from chassis.breaker.tests.stepwise import Call, answer, figures, opened, state
from chassis.health import Health
from chassis.service import Identity, Service


async def test_a_circuit_that_nobody_tries_stays_open_and_asks_to_be_tried_at_once() -> None:
    breaker, clock = await opened()
    service = Service(identity=Identity(name="t"), environment="test")
    breaker.register(service)
    clock.now += 3600
    with pytest.raises(CircuitOpen) as refusal:
        await service.checks["breaker:quotes"].probe()
    assert (state(breaker), refusal.value.retry_after) == ("open", 0)


async def test_every_change_is_a_line_in_the_log_and_an_outage_is_one_warning() -> None:
    with capture_logs() as lines:
        breaker, clock = await opened()
        clock.now += 5
        await breaker.call(answer)
        Call(breaker).end(OSError())
        clock.now += 5
        for _ in range(3):
            await breaker.call(answer)
    half = {"event": "circuit half-open", "log_level": "debug", "permits": 3}
    wide = {"event": "circuit open", "log_level": "warning", "seconds": 5, "error": "OSError"}
    assert lines == [
        line | {"breaker": "quotes"}
        for line in (
            wide | {"failures": 4, "calls": 4},
            half,
            wide | {"failures": 1, "calls": 2, "log_level": "debug"},
            half,
            {"event": "circuit closed", "log_level": "info"},
        )
    ]


async def test_the_board_shows_its_state_and_counts_and_health_warns_until_it_is_closed() -> None:
    breaker, clock = await opened()
    service = Service(identity=Identity(name="t"), environment="test")
    breaker.register(service)
    Health(details="always", cache_seconds=0).install(service)
    with TestClient(Application(service)) as client:

        def read_board() -> tuple[float, str, str]:
            assert client.get("/readyz").json() == {"status": "pass"}
            health = client.get("/health").json()
            gauge = figures(service.gauges)['breaker_state{breaker="quotes"}']
            return gauge, health["status"], health["checks"]["breaker:quotes"]["status"]

        assert read_board() == (2, "warn", "warn")
        with pytest.raises(CircuitOpen):
            Call(breaker)
        clock.now += 5
        Call(breaker).end(asyncio.CancelledError())
        assert read_board() == (1, "warn", "warn")
        for _ in range(3):
            await breaker.call(answer)
        assert read_board() == (0, "pass", "pass")
    assert figures(service.counters) == {
        'breaker_rejected_total{breaker="quotes"}': 1,
        'breaker_transitions_total{breaker="quotes",to="closed"}': 1,
        'breaker_transitions_total{breaker="quotes",to="half-open"}': 1,
        'breaker_transitions_total{breaker="quotes",to="open"}': 1,
        'breaker_calls_total{breaker="quotes",outcome="success"}': 3,
        'breaker_calls_total{breaker="quotes",outcome="failure"}': 4,
        'breaker_calls_total{breaker="quotes",outcome="neutral"}': 1,
    }
