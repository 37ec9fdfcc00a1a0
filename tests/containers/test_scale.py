"""R1 through the proxy: replicas come and go under load, and no request is lost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.containers.stack import eventually, is_ready
from tests.proofs.load import Request, Tally, load

if TYPE_CHECKING:
    from tests.containers.stack import Stack

REQUESTS = 8_000
MIX = (
    Request(path="/greetings/ada"),
    Request("POST", "/greetings", b'{"names": ["ada"]}', (("Content-Type", "application/json"),)),
)


async def scenario(stack: Stack) -> Tally:
    """Load the proxy, go from one replica to three and back, and on until enough was asked."""

    def scale(replicas: int) -> None:
        stack.compose("up", "--detach", "--wait", "--no-recreate", "--scale", f"web={replicas}")

    async def there_and_back() -> None:
        await asyncio.sleep(2)
        await asyncio.to_thread(scale, 3)
        await asyncio.sleep(3)
        await asyncio.to_thread(scale, 1)
        await asyncio.sleep(2)

    address = stack.address
    scaling = asyncio.create_task(there_and_back())
    tally = await load(
        lambda: [address],
        MIX,
        until=lambda tally: scaling.done() and tally.total >= REQUESTS,
    )
    await scaling
    return tally


def test_no_request_is_lost_while_replicas_come_and_go(everything: Stack) -> None:
    tally = asyncio.run(scenario(everything))
    lines = everything.lines("proxy")
    served = {line["upstream.address"] for line in lines}
    lost = [line for line in lines if line["level"] == "error"]
    assert not tally.failed, (tally.reasons, tally.statuses, lost)
    assert set(tally.statuses) == {200}
    assert len({it for one in served for it in one.split(", ")}) >= 3, "all of them were used"
    assert len(everything.containers("web")) == 1
    assert min(tally.answered["kept"], tally.answered["new"]) > REQUESTS // 10
    retried = sum(", " in line["upstream.address"] for line in lines)
    print(f"R1: 0 failed of {tally.total} at 1, 3 and 1 replicas, {retried} tried twice")  # noqa: T201
    eventually(lambda: is_ready(everything.address))
