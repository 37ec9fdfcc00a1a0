"""The tables and functions of the library, for the migrations of the service.

A migration never changes, so this is the schema as it was: a later one is a file of
its own, with what it changes, and a migration that executes it.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["CREATE", "DROP"]

FILE = Path(__file__).with_name("procrastinate-3.4.sql")
"""The library's schema, which has not changed since its release 3.4."""
INDEX = (
    "CREATE INDEX procrastinate_jobs_open_idx ON procrastinate_jobs (status) "
    "WHERE status IN ('todo', 'doing', 'failed');"
)
"""For the figures and the sweeper, which read only what is not finished."""
SLOTS = (
    "CREATE INDEX procrastinate_jobs_slot_idx ON procrastinate_jobs "
    "(task_name, (args ->> 'timestamp')) WHERE args ->> 'timestamp' IS NOT NULL;"
)
"""For the runner, which asks whether another job has the same slot of a schedule."""


def statement(sql: str) -> str:
    """Make one statement of many: the driver prepares statements, each of which is one."""
    quoted = f"DO $migration$ BEGIN EXECUTE $schema$\n{sql}\n$schema$; END $migration$"
    return quoted.replace(":", r"\:")  # Alembic takes a colon for the start of a parameter


CREATE = statement(f"{FILE.read_text('utf-8')}\n{INDEX}\n{SLOTS}")
"""The statement of a migration that creates the library's tables."""
DROP = r"""DO $migration$
DECLARE found text;
BEGIN
    DROP TABLE procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs,
        procrastinate_workers CASCADE;
    FOR found IN SELECT oid\:\:regprocedure FROM pg_proc WHERE proname LIKE 'procrastinate\_%' LOOP
        EXECUTE 'DROP FUNCTION ' || found;
    END LOOP;
    DROP TYPE procrastinate_job_status, procrastinate_job_event_type,
        procrastinate_job_to_defer_v1;
END $migration$"""
"""The statement that drops them."""
