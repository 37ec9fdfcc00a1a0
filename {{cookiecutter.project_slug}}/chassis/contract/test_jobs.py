"""What the service relies on in Procrastinate's schema, whose version a bot may raise."""

from __future__ import annotations

import re

import pytest
from procrastinate.schema import SchemaManager

from chassis.jobs.schema import FILE

DEFERRED = ("queue_name", "task_name", "priority", "lock", "queueing_lock", "args", "scheduled_at")
"""Fields of a job that is enqueued, in the order in which `DEFER` has them."""


def plain(sql: str) -> str:
    return " ".join(re.sub(r"--.*", "", sql).split())


SCHEMA = plain(FILE.read_text("utf-8"))


def test_the_library_has_the_schema_that_the_migrations_make() -> None:
    assert plain(SchemaManager.get_schema()) == SCHEMA, (
        "the library's schema is another: docs/jobs.md says what to do"
    )


def test_the_function_that_enqueues_takes_what_it_is_given() -> None:
    assert "FUNCTION procrastinate_defer_jobs_v1( jobs procrastinate_job_to_defer_v1[] )" in SCHEMA
    found = re.search(r"CREATE TYPE procrastinate_job_to_defer_v1 AS \((.+?)\);", SCHEMA)
    assert found
    assert tuple(re.findall(r"(\w+) [\w ]+(?:,|$)", found[1])) == DEFERRED


@pytest.mark.parametrize(
    "name",
    [
        "FUNCTION procrastinate_cancel_job_v1(job_id bigint, abort boolean, delete_job boolean)",
        "worker_id bigint REFERENCES procrastinate_workers(id) ON DELETE SET NULL",
        "last_heartbeat timestamp with time zone NOT NULL",
        "procrastinate_jobs_queueing_lock_idx_v1 ON procrastinate_jobs (queueing_lock) WHERE",
        "pg_notify('procrastinate_any_queue_v1', payload)",
    ],
)
def test_the_schema_has_what_the_statements_name(name: str) -> None:
    assert name in SCHEMA
