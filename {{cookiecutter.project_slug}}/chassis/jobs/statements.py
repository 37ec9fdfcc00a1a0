"""What the service asks of the library's tables beside what the library does itself."""

from __future__ import annotations

from sqlalchemy import text

RECOVER = text(
    """
    WITH stalled AS (
        SELECT job.id,
               job.attempts + 1
                   >= COALESCE(CAST(CAST(:tries AS jsonb) ->> job.task_name AS integer), 5) AS held
          FROM procrastinate_jobs AS job
          LEFT JOIN procrastinate_workers AS worker ON worker.id = job.worker_id
         WHERE job.status = 'doing'
           AND (worker.id IS NULL
                OR worker.last_heartbeat < now() - make_interval(secs => CAST(:lease AS float8))
                OR job.id = ANY(CAST(:lost AS bigint[])))
           FOR UPDATE OF job SKIP LOCKED
    )
    UPDATE procrastinate_jobs AS job
       SET status = CAST(CASE WHEN job.abort_requested THEN 'aborted'
                              WHEN stalled.held THEN 'failed' ELSE 'todo'
                         END AS procrastinate_job_status),
           abort_requested = false,
           attempts = job.attempts + 1,
           queueing_lock = NULL,
           scheduled_at = CASE WHEN stalled.held THEN job.scheduled_at ELSE clock_timestamp() END,
           worker_id = NULL
      FROM stalled
     WHERE job.id = stalled.id
    RETURNING job.id, job.task_name, job.attempts, CAST(job.status AS text) AS status
    """
)
"""Requeues, or holds, the jobs of a worker that has not renewed its lease; one sweeper each."""
OF_WORKER = text("SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND worker_id = :worker")
STARTED = text("UPDATE procrastinate_jobs SET queueing_lock = NULL WHERE id = :id")
"""Another job with this unique key may wait now, and this one may be requeued beside it."""
FIRST_OF_SLOT = text(
    "SELECT min(id) FROM procrastinate_jobs WHERE task_name = :name "
    "AND args ->> 'timestamp' IS NOT NULL AND args ->> 'timestamp' = :slot"
)
"""A worker that is late by more than a slot may enqueue an earlier one again."""
UNCOUNT = text(
    "UPDATE procrastinate_jobs SET attempts = attempts - 1, "
    "args = args || jsonb_build_object('unread', CAST(:unread AS integer)) "
    "WHERE id = :id AND status = 'doing'"
)
"""The library counts each run that ends; this one was none."""
FIGURES = text(
    """
    SELECT count(*) FILTER (WHERE due) AS waiting,
           count(*) FILTER (WHERE status = 'todo' AND NOT due) AS scheduled,
           count(*) FILTER (WHERE status = 'doing') AS running,
           count(*) FILTER (WHERE status = 'failed') AS held,
           COALESCE(EXTRACT(epoch FROM now() - min(since) FILTER (WHERE due)), 0) AS oldest,
           (SELECT count(*) FROM procrastinate_workers
             WHERE last_heartbeat > now() - make_interval(secs => CAST(:lease AS float8))
           ) AS workers
      FROM (
        SELECT status,
               status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now()) AS due,
               COALESCE(scheduled_at, to_timestamp(CAST(
                   COALESCE(args ->> 'enqueued', args ->> 'timestamp') AS float8))) AS since
          FROM procrastinate_jobs
         WHERE status IN ('todo', 'doing', 'failed')
      ) AS job
    """
)
PRUNE_RECEIPTS = text(
    "DELETE FROM job_receipts WHERE written_at < now() - make_interval(hours => :hours) "
    "AND NOT EXISTS (SELECT FROM procrastinate_jobs WHERE args ->> 'key' = key)"
)
"""A job that is still there may be delivered again."""
FIND = """
    SELECT id, CAST(status AS text) AS status, task_name AS name, queue_name AS queue, priority,
           attempts, scheduled_at, args,
           (SELECT max(at) FROM procrastinate_events
             WHERE job_id = procrastinate_jobs.id AND type <> 'scheduled') AS changed_at
      FROM procrastinate_jobs
"""
HELD = text(f"{FIND} WHERE status = 'failed' ORDER BY id DESC LIMIT :limit")
SHOW = text(f"{FIND} WHERE id = :id")
RETRY = text(
    "UPDATE procrastinate_jobs SET status = 'todo', attempts = 0, scheduled_at = NULL, "
    "queueing_lock = NULL, worker_id = NULL, args = args - 'unread' "
    "WHERE status = 'failed' AND (CAST(:id AS bigint) IS NULL OR id = :id) RETURNING id"
)
CANCEL_HELD = text(
    "UPDATE procrastinate_jobs SET status = 'cancelled' WHERE id = :id AND status = 'failed' "
    "RETURNING id"
)
CANCEL = text("SELECT procrastinate_cancel_job_v1(:id, true, false)")
NOTIFY = text("SELECT pg_notify('procrastinate_any_queue_v1', :payload)")
INSERTED = '{"type": "job_inserted", "job_id": 0}'
"""What the library tells its workers when a job waits."""
