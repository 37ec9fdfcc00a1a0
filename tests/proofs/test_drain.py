"""R1: nothing is lost when a replica receives SIGTERM under load."""

from __future__ import annotations

import asyncio
import signal
from contextlib import ExitStack
from http.client import HTTPConnection
from typing import TYPE_CHECKING

from tests.proofs.load import Address, Request, Tally, load

if TYPE_CHECKING:
    from tests.proofs.carved import Carved, Replica

REQUESTS = 20_000
STALE_SECONDS = 2.0
PROBE_SECONDS = 0.2
MIX = (
    Request(path="/greetings/ada"),
    Request("POST", "/greetings", b'{"names": ["ada"]}', (("Content-Type", "application/json"),)),
)


class Balancer:
    """Probes readiness like a load balancer does; its clients hear of it two seconds late."""

    def __init__(self) -> None:
        """Start with nobody."""
        self.replicas: list[Replica] = []
        self.published: list[Address] = []
        self.has_published = asyncio.Event()

    async def watch(self) -> None:
        """Probe, and publish what was seen, late."""
        loop = asyncio.get_running_loop()
        while True:
            ready = [replica.address for replica in self.replicas if await is_ready(replica)]
            if not self.published:
                self.published = ready
                self.has_published.set()
            loop.call_later(STALE_SECONDS, setattr, self, "published", ready)
            await asyncio.sleep(PROBE_SECONDS)


async def is_ready(replica: Replica) -> bool:
    """Ask /readyz, away from the load's event loop."""

    def ask() -> bool:
        connection = HTTPConnection(*replica.address, timeout=2)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    return await asyncio.to_thread(ask)


async def rolling_restarts(service: Carved, balancer: Balancer, stack: ExitStack) -> list[int]:
    """Replace every replica once, the new one first; return the old ones' exit codes."""
    codes = []
    for old in list(balancer.replicas):
        new = await asyncio.to_thread(stack.enter_context, service.serve(SERVER_DRAIN_SECONDS="4"))
        balancer.replicas.append(new)
        await asyncio.sleep(STALE_SECONDS + 1)
        old.process.send_signal(signal.SIGTERM)
        codes.append(await asyncio.to_thread(old.process.wait, 60))
        balancer.replicas.remove(old)
    return codes


async def scenario(service: Carved, stack: ExitStack) -> tuple[Tally, list[int]]:
    """Load two replicas, restart both, and go on until enough was asked."""
    balancer = Balancer()
    for _ in range(2):
        balancer.replicas.append(stack.enter_context(service.serve(SERVER_DRAIN_SECONDS="4")))
    watching = asyncio.create_task(balancer.watch())
    await balancer.has_published.wait()
    restarting = asyncio.create_task(rolling_restarts(service, balancer, stack))
    tally = await load(
        lambda: balancer.published,
        MIX,
        until=lambda tally: restarting.done() and tally.total >= REQUESTS,
    )
    watching.cancel()
    return tally, await restarting


def test_no_request_is_lost_when_replicas_are_replaced_under_load(everything: Carved) -> None:
    with ExitStack() as stack:
        tally, codes = asyncio.run(scenario(everything, stack))
    assert codes == [0, 0]
    assert not tally.failed, tally.reasons
    assert set(tally.statuses) == {200}
    assert tally.total >= REQUESTS
    assert min(tally.answered["kept"], tally.answered["new"]) > REQUESTS // 10
    print(f"R1: 0 failed of {tally.total}: {dict(tally.answered)}")  # noqa: T201 - the figure
