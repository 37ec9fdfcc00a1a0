from __future__ import annotations

import asyncio
import time
from typing import assert_type

import pytest

from chassis.breaker import Breaker, CircuitOpen, Policy
from chassis.breaker.tests.stepwise import SMALL, Call, answer, half_open, opened, refuse, state


async def test_arguments_go_in_and_results_and_errors_come_out_as_they_are() -> None:
    async def shout(word: str, *, function: str = "!") -> str:
        return word + function

    breaker = Breaker("quotes", SMALL)
    assert await breaker.call(shout, "hi", function="?") == "hi?"
    with pytest.raises(OSError, match="refused"):
        await breaker.call(refuse)


async def test_a_timeout_inside_the_call_is_a_failure() -> None:
    breaker, *_ = await half_open()

    async def slow() -> None:
        async with asyncio.timeout(0.01):
            await asyncio.sleep(60)

    with pytest.raises(TimeoutError):
        await breaker.call(slow)
    assert state(breaker) == "open"


async def test_an_error_of_the_caller_counts_as_an_answer() -> None:
    def failed(error: Exception) -> bool:
        return not isinstance(error, LookupError)

    breaker, clock = await opened(is_failure=failed)
    clock.now += 5
    for _ in range(3):
        Call(breaker).end(KeyError("404"))
    assert state(breaker) == "closed"


async def test_an_error_that_says_nothing_is_neutral_and_gives_its_permit_back() -> None:
    breaker, clock = await opened(
        is_failure=lambda error: None if error.args == ("mine",) else True
    )
    clock.now += 5
    for _ in range(9):
        Call(breaker).end(OSError("mine"))
    assert state(breaker) == "half-open"
    Call(breaker).end(OSError("theirs"))
    assert state(breaker) == "open"


async def test_a_bad_result_is_a_failure_and_still_given() -> None:
    breaker = Breaker("quotes", SMALL, is_failed_result=lambda status: status >= 500)
    for status in (503, 404, 200, 500):
        Call(breaker).end(status)
    assert state(breaker) == "open"


async def test_a_judge_that_breaks_takes_no_permit_with_it() -> None:
    def broken(subject: object) -> bool:
        if subject == "odd" or isinstance(subject, KeyError):
            raise ZeroDivisionError
        return isinstance(subject, Exception)

    async def lose() -> None:
        raise KeyError

    async def oddly() -> str:
        return "odd"

    breaker, clock = await opened(is_failure=broken, is_failed_result=broken)
    clock.now += 5
    for strange in (lose, oddly, lose, oddly, lose, oddly):
        with pytest.raises(ZeroDivisionError):
            await breaker.call(strange)
    assert state(breaker) == "half-open"


async def test_a_call_keeps_its_signature_for_the_type_checker() -> None:
    breaker = Breaker("quotes", SMALL)

    async def price(item: str, count: int = 1) -> float:
        return 1.5 * count

    assert assert_type(await breaker.call(price, "tea", count=2), float) == 3
    with pytest.raises(TypeError):
        await breaker.call(price)  # type: ignore[call-arg]


async def test_a_refusal_takes_far_less_than_a_millisecond() -> None:
    breaker, _ = await opened()
    times = []
    for _ in range(1000):
        began = time.perf_counter()
        with pytest.raises(CircuitOpen):
            await breaker.call(answer)
        times.append(time.perf_counter() - began)
    assert sorted(times)[500] < 0.001


@pytest.mark.parametrize(
    "figure", [{"failure_ratio": 0}, {"permits": 0}, {"minimum_calls": 9, "window_calls": 8}]
)
def test_a_policy_that_could_not_work_is_refused(figure: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="|".join(figure)):
        Policy(**figure)  # type: ignore[arg-type]
