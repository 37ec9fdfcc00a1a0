from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from chassis.application import Application
from chassis.health import Health
from chassis.health.checks import Checks
from chassis.health.gauges import HealthGauges
from chassis.service import Check, Identity, Service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Dependency:
    """Something that is well or not, asked in the loop, and counts how often it was."""

    def __init__(self) -> None:
        self.well = True
        self.asked = 0

    async def __call__(self) -> None:
        self.asked += 1
        if not self.well:
            raise ConnectionRefusedError


@asynccontextmanager
async def opened(**checks: Check) -> AsyncIterator[Service]:
    service = Service(identity=Identity(name="t"), environment="test")
    Health(cache_seconds=0).install(service)

    @asynccontextmanager
    async def late() -> AsyncIterator[None]:
        service.checks.update(checks)
        yield

    service.lifespans.append(late)
    async with service.lifespan(Application(service)):
        yield service


async def read(service: Service) -> dict[str, float]:
    """Read every figure as a scrape does, in another thread, and let its look end."""
    figures = dict(service.gauges).items()
    found = await asyncio.to_thread(lambda: {name: figure() for name, figure in figures})
    await asyncio.sleep(0.02)
    return found


async def test_a_check_that_gates_readiness_is_seen_in_both_figures_one_visit_later() -> None:
    disk = Dependency()
    async with opened(disk=Check(probe=disk, gates="readiness")) as service:
        assert await read(service) == {"service_ready": 0}, "nobody has looked yet"
        assert await read(service) == {"service_ready": 1, 'check_up{check="disk"}': 1}
        disk.well = False
        await read(service)
        assert await read(service) == {"service_ready": 0, 'check_up{check="disk"}': 0}


async def test_what_gates_nothing_is_down_alone_and_what_gates_the_start_holds_it_back() -> None:
    mail, broker = Dependency(), Dependency()
    mail.well = broker.well = False
    checks = {"mail": Check(probe=mail, gates="nothing"), "broker": Check(probe=broker)}
    async with opened(**checks) as service:
        for ready in (0, 1):
            await read(service)
            assert (await read(service))["service_ready"] == ready
            broker.well = True
            await read(service)
        assert (await read(service))['check_up{check="mail"}'] == 0


async def test_a_draining_service_is_not_ready_and_nobody_is_asked() -> None:
    disk = Dependency()
    async with opened(disk=Check(probe=disk, gates="readiness")) as service:
        await read(service)
        service.draining = True
        assert (await read(service))["service_ready"] == 0
        assert disk.asked == 1


async def test_a_reader_may_come_at_the_very_end() -> None:
    class Ending(HealthGauges):
        """Its loop is there at the first look and gone at the second."""

        loops = iter((asyncio.get_running_loop(), None))
        _loop = property(lambda self: next(self.loops), lambda *_: None)

    service = Service(identity=Identity(name="t"), environment="test")
    assert Ending(service, Checks(service, fresh=0, timeout=1)).ready() == 0


async def test_a_check_that_hangs_keeps_no_reader_waiting_and_the_end_ends_it() -> None:
    disk = Dependency()
    hanging = Check(probe=asyncio.Event().wait, gates="nothing", timeout=60)
    async with opened(hanging=hanging, disk=Check(probe=disk)) as service:
        for _ in range(3):
            async with asyncio.timeout(0.5):
                await read(service)
    asked = disk.asked
    await read(service)
    assert disk.asked == asked
