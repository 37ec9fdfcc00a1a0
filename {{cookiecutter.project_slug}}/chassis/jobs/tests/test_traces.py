"""A job is part of the trace of the request that enqueued it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from chassis.exchange import Exchange, current_exchange
from chassis.jobs.origin import send_nothing
from chassis.jobs.tests.test_jobs import Number, Recorded, started
from chassis.tracing import Tracing
from chassis.tracing.tests.receiver import Receiver, values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.database import Database

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def collector() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


async def run_job(database: Database, collector: Receiver, traceparent: str, tries: int) -> None:
    """Enqueue a job that fails all its tries but the last, and run it."""
    if not database.url.startswith("sqlite"):
        pytest.skip("jobs run in this process only while the database is embedded")
    recorded = Recorded(database, tries=tries)
    recorded.failures = tries - 1
    tracing = Tracing(endpoint=collector.url, ratio=1, interval_seconds=0.05)
    tracing.install(recorded.service)
    async with started(recorded) as it:
        headers = [(b"traceparent", traceparent.encode())] if traceparent else []
        scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
        token = current_exchange.set(Exchange(scope, send_nothing, it.service))
        async with it.session() as session:
            await it.job.enqueue(session, Number())
            await session.commit()
        current_exchange.reset(token)
        await it.wait(tries)


async def test_every_try_is_a_span_below_the_request_that_enqueued_it(
    database: Database, collector: Receiver
) -> None:
    await run_job(database, collector, f"00-{TRACE}-{SPAN}-01", tries=2)
    failed, succeeded = collector.named("jobs.note")
    for number, span in enumerate((failed, succeeded), 1):
        assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, SPAN)
        assert span.kind == Span.SpanKind.SPAN_KIND_CONSUMER
        attributes = values(span.attributes)
        assert attributes["messaging.operation.type"] == "process"
        assert attributes["messaging.destination.name"] == "default"
        assert attributes["job.attempt"] == number
    assert failed.status.code == Status.StatusCode.STATUS_CODE_ERROR
    inner = collector.named("orders.price")
    assert {it.parent_span_id for it in inner} == {failed.span_id, succeeded.span_id}


async def test_a_job_of_a_request_that_was_not_sampled_is_not_either(
    database: Database, collector: Receiver
) -> None:
    await run_job(database, collector, f"00-{TRACE}-{SPAN}-00", tries=1)
    assert not collector.spans


async def test_a_job_without_a_request_starts_a_trace_as_a_schedule_does(
    database: Database, collector: Receiver
) -> None:
    await run_job(database, collector, "", tries=1)
    (span,) = collector.named("jobs.note")
    assert span.parent_span_id == b""
