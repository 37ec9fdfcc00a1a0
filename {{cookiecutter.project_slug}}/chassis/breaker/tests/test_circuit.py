from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from chassis.breaker import Breaker, CircuitOpen, Policy
from chassis.breaker.tests.stepwise import SMALL, Call, Clock, answer, half_open, opened, state


async def test_an_open_circuit_calls_nobody_and_tells_when_to_come_back() -> None:
    breaker, clock = await opened()
    clock.now += 2
    with pytest.raises(CircuitOpen, match=r"quotes is open, retry in 3\.0 s") as refusal:
        await breaker.call(answer)
    assert (refusal.value.name, refusal.value.retry_after) == ("quotes", 3)


async def test_asking_first_takes_no_permit_and_is_answered_like_a_call() -> None:
    breaker, clock = await opened()
    with pytest.raises(CircuitOpen):
        breaker.check()
    clock.now += 5
    for _ in range(9):
        breaker.check()
    trials = [Call(breaker) for _ in range(3)]
    with pytest.raises(CircuitOpen):
        breaker.check()
    for trial in trials:
        trial.end("fine")
    breaker.check()


async def test_too_few_calls_open_nothing() -> None:
    breaker = Breaker("quotes", SMALL)
    for _ in range(3):
        Call(breaker).end(OSError())
    assert state(breaker) == "closed"


async def test_failures_that_are_too_old_or_too_far_back_are_forgotten() -> None:
    clock = Clock()
    breaker = Breaker("quotes", SMALL, clock=clock)
    for ending in [OSError(), OSError(), OSError(), "fine", "fine", "fine", "fine"]:
        Call(breaker).end(ending)
    for ending in ["fine", "fine", OSError(), OSError()]:  # three of the latest eight failed
        Call(breaker).end(ending)
    assert state(breaker) == "closed"
    clock.now += 30
    for ending in [OSError(), OSError(), OSError()]:
        Call(breaker).end(ending)
    assert state(breaker) == "closed"
    Call(breaker).end(OSError())
    assert state(breaker) == "open"


async def test_a_circuit_closes_when_every_trial_has_succeeded_and_then_starts_afresh() -> None:
    breaker, clock = await opened()
    clock.now += 5
    for _ in range(3):
        assert await breaker.call(answer) == "fine"
    assert state(breaker) == "closed"
    for _ in range(3):
        Call(breaker).end(OSError())
    assert state(breaker) == "closed"


async def test_one_trial_that_fails_opens_the_circuit_again() -> None:
    breaker, clock = await opened()
    clock.now += 5
    await breaker.call(answer)
    Call(breaker).end(OSError())
    assert state(breaker) == "open"
    clock.now += 4
    with pytest.raises(CircuitOpen):
        Call(breaker)


@pytest.mark.parametrize("dead", [True, False])
async def test_of_200_callers_at_once_only_the_permits_get_through(dead: bool) -> None:  # noqa: FBT001
    breaker, clock = await opened()
    reached, release = 0, asyncio.Event()

    async def backend() -> None:
        nonlocal reached
        reached += 1
        await release.wait()
        if dead:
            raise OSError("refused")

    async def all_call() -> list[BaseException | None]:
        calls = [asyncio.create_task(breaker.call(backend)) for _ in range(200)]
        await asyncio.sleep(0)
        release.set()
        return await asyncio.gather(*calls, return_exceptions=True)

    assert {type(error) for error in await all_call()} == {CircuitOpen}
    clock.now += 5
    release.clear()
    errors = await all_call()
    assert reached == 3
    assert sum(isinstance(error, CircuitOpen) for error in errors) == 197
    assert state(breaker) == ("open" if dead else "closed")


@pytest.mark.parametrize("ending", [OSError(), "fine"])
async def test_what_ends_after_the_circuit_has_changed_counts_no_more(ending: object) -> None:
    clock = Clock()
    breaker = Breaker("quotes", SMALL, clock=clock)
    late = [Call(breaker) for _ in range(8)]
    for call in late[:4]:
        call.end(OSError())
    clock.now += 5
    trials = [Call(breaker) for _ in range(3)]
    late[4].end(ending)
    assert state(breaker) == "half-open"
    trials[0].end("fine")
    trials[1].end("fine")
    late[5].end(ending)
    assert state(breaker) == "half-open"
    trials[2].end("fine")
    for call in late[6:]:
        call.end(ending)
    for _ in range(3):
        Call(breaker).end(OSError())
    assert state(breaker) == "closed", "three calls of this era, and four are needed"


async def test_a_cancelled_call_is_neutral_and_gives_its_permit_back() -> None:
    breaker, _, trial = await half_open(Policy(minimum_calls=4, permits=1, jitter=0))
    with pytest.raises(CircuitOpen):
        Call(breaker)
    trial.end(asyncio.CancelledError())
    assert state(breaker) == "half-open"
    Call(breaker).abandon()
    task = asyncio.create_task(breaker.call(asyncio.sleep, 60))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert await breaker.call(answer) == "fine"
    assert state(breaker) == "closed"


async def test_trials_that_hang_do_not_keep_the_others_out_for_good() -> None:
    breaker, clock, hanging = await half_open()
    hanging_too = Call(breaker)
    await breaker.call(answer)
    clock.now += 29.9
    with pytest.raises(CircuitOpen) as refusal:
        Call(breaker)
    assert (state(breaker), refusal.value.retry_after) == ("half-open", 5)
    clock.now += 0.1
    with capture_logs() as lines, pytest.raises(CircuitOpen):
        Call(breaker)
    assert (state(breaker), lines[0]["failures"], lines[0]["calls"]) == ("open", 2, 3)
    clock.now += 5
    trial = Call(breaker)
    hanging.end(OSError())
    assert state(breaker) == "half-open"
    for call in (hanging_too, trial):
        call.abandon()


async def test_a_lack_of_calls_is_no_lack_of_health() -> None:
    breaker, clock, trial = await half_open()
    trial.end("fine")
    clock.now += 3600
    await breaker.call(answer)
    await breaker.call(answer)
    assert state(breaker) == "closed"


async def test_chance_prolongs_the_pause_by_its_share_and_no_more() -> None:
    policy, pauses = Policy(minimum_calls=1, open_seconds=5, jitter=0.2), set()
    for _ in range(200):
        breaker, _ = await opened(policy)
        with pytest.raises(CircuitOpen) as refusal:
            Call(breaker)
        pauses.add(refusal.value.retry_after)
    assert 5 <= min(pauses) < 5.2
    assert 5.8 < max(pauses) <= 6
