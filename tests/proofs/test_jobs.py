"""J1 to J5: jobs are atomic with the transaction, and survive killed workers and servers."""

from __future__ import annotations

import os
import re
import signal
import time
from contextlib import ExitStack
from itertools import count
from typing import TYPE_CHECKING

import pytest

from tests.proofs.queued import LEASE, POLL, TRACE, enqueue, queued, wait_until, with_trials
from tests.proofs.servers import pgbouncer, postgres

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from tests.proofs.carved import Carved
    from tests.proofs.queued import Queued
    from tests.proofs.servers import Server

JOBS = 2000
KILLS = 5 if os.environ.get("JOBS") == "full" else 1
WORKERS = 3
ONE_BY_ONE = 20
POLL_SELDOM = 30
NUMBERS = count()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Carved:
    return with_trials(tmp_path_factory.mktemp("jobs"))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgres() as it:
        yield it


@pytest.fixture
def queue(service: Carved, server: Server) -> Iterator[Queued]:
    with queued(service, server, f"jobs_{next(NUMBERS)}") as it:
        yield it


def test_a_job_exists_exactly_when_its_transaction_has_committed(queue: Queued) -> None:
    with queue.web() as web:
        enqueue(web, "effect", 500, failure="statement")
        enqueue(web, "effect", 409, failure="problem")
        enqueue(web, "effect", 500, count=3, unique="one", failure="statement")
        assert queue.count("%") == 0, "none of a transaction that was rolled back"
        enqueue(web, "effect", count=3)
        enqueue(web, "effect", count=3, unique="one")
        enqueue(web, "effect", unique="one")
        assert queue.count("%") == 4, "one of those with the same unique key"
        print("J1: 0 of 5 jobs of rolled back transactions exist, 4 of 4 of committed ones")  # noqa: T201 - the figure


def test_a_job_has_the_ids_of_its_request_and_the_worker_serves_probes_and_metrics(
    queue: Queued,
) -> None:
    with queue.web() as web, queue.worker() as worker:
        began = time.monotonic()
        enqueue(web, "effect")
        line = worker.wait_for_line("job succeeded")
        print(f"a job has ended {time.monotonic() - began:.2f} s after its request")  # noqa: T201 - the figure
        asked = web.wait_for_line("POST /trials/{name} 202")
        assert line["request_id"] == asked["request_id"]
        assert line["trace_id"] == TRACE
        assert (line["job"], line["job_id"], line["attempt"]) == ("effect", 1, 1)
        wait_until(lambda: worker.ask("/readyz").status == 200)
        assert worker.ask("/trials/effect", "POST").status == 404, "it serves nothing else"
        assert not any("n=0" in str(it) for it in worker.lines), "arguments are not logged"


def test_a_job_does_not_wait_for_the_next_poll(queue: Queued) -> None:
    """The library forgets a notification that arrives while it looks for a job."""
    with queue.web() as web, queue.worker(JOBS_POLL_SECONDS=str(POLL_SELDOM)):
        for number in range(ONE_BY_ONE):  # the first may have come before the worker listens
            enqueue(web, "effect", n=number)
            began = f"SELECT 1 FROM runs WHERE n = {number}"  # noqa: S608 - our own words
            wait_until(lambda it=began: queue.sql(it) == "1", pause=0.01)  # type: ignore[misc]
    waits = queue.sql(
        "SELECT max(wait), percentile_cont(0.5) WITHIN GROUP (ORDER BY wait) FROM ("
        "SELECT extract(epoch FROM at) - (args ->> 'enqueued')::float8 AS wait FROM runs "
        "JOIN procrastinate_jobs ON n = (args -> 'arguments' ->> 'n')::int WHERE n > 0) AS waits"
    )
    longest, middle = map(float, waits.split("|"))
    assert longest < POLL_SELDOM / 2
    print(f"{ONE_BY_ONE} jobs began within {longest:.2f} s, {middle:.3f} s in the median")  # noqa: T201 - the figure


def started_only_by(pid: int) -> str:
    """Count the jobs that this worker has begun, not ended, and nobody has begun again."""
    return f"""SELECT count(*) FROM runs one WHERE pid = {pid} AND NOT EXISTS (
        SELECT FROM runs other WHERE other.n = one.n AND other.pid <> {pid})
        AND EXISTS (SELECT FROM procrastinate_jobs WHERE status = 'doing'
        AND (args -> 'arguments' ->> 'n')::int = one.n)"""  # noqa: S608 - our own words


def pause_amid_jobs(queue: Queued, left: str, process: subprocess.Popen[bytes]) -> bool:
    """Stop the worker; let it go on if no job runs in it."""
    process.send_signal(signal.SIGSTOP)
    if queue.sql(left) != "0":
        return True
    process.send_signal(signal.SIGCONT)
    return False


def test_jobs_of_killed_workers_run_again_and_have_their_effects_once(queue: Queued) -> None:
    seconds = 0.2 * KILLS  # so that some jobs are left at the last kill
    with ExitStack() as stack:
        workers = [stack.enter_context(queue.worker()) for _ in range(WORKERS)]
        with queue.web() as web:
            enqueue(web, "effect", count=JOBS, seconds=seconds)
        waits = []
        for kill in range(KILLS):
            share = JOBS * (kill + 1) // (KILLS + 2)
            wait_until(lambda share=share: queue.count("succeeded") >= share)  # type: ignore[misc]
            process = workers.pop(0).process
            left = started_only_by(process.pid)
            wait_until(lambda left=left, it=process: pause_amid_jobs(queue, left, it))  # type: ignore[misc]
            process.kill()
            process.wait()
            waits.append(wait_until(lambda left=left: queue.sql(left) == "0"))  # type: ignore[misc]
            workers.append(stack.enter_context(queue.worker()))
        wait_until(lambda: queue.count("succeeded") == JOBS)
    assert queue.sql("SELECT count(*), count(DISTINCT n) FROM effects") == f"{JOBS}|{JOBS}"
    runs = int(queue.sql("SELECT count(*) FROM runs"))
    assert runs > JOBS, "some were delivered twice"
    print(  # noqa: T201 - the figure
        f"J2: {KILLS} kills, {JOBS} jobs: 0 lost, effects once, {runs - JOBS} delivered again, "
        f"running again within {max(waits):.1f} s (lease {LEASE:.0f} s, poll {POLL:.0f} s)"
    )
    assert max(waits) < LEASE + 3 * POLL + 10


def test_jobs_survive_a_restart_of_the_server_under_load(queue: Queued, server: Server) -> None:
    with queue.web() as web:
        enqueue(web, "effect", count=300, seconds=0.3)
    with queue.worker() as one, queue.worker() as other:
        wait_until(lambda: queue.count("succeeded") >= 50)
        server.restart()
        wait_until(lambda: queue.count("succeeded") == 300)
        assert one.process.poll() is None
        assert other.process.poll() is None
    assert queue.sql("SELECT count(*), count(DISTINCT n) FROM effects") == "300|300"
    print("J2: PostgreSQL restarted under 300 jobs: 0 lost, effects once")  # noqa: T201 - the figure


def test_sigterm_finishes_the_jobs_that_run_and_puts_back_those_that_take_too_long(
    queue: Queued,
) -> None:
    with queue.web() as web:
        enqueue(web, "effect", count=15, seconds=2 * LEASE)
        with queue.worker(JOBS_CONCURRENCY="15") as worker:
            wait_until(lambda: queue.count("doing") == 15)
            enqueue(web, "effect", count=5)
            assert worker.stop() == 0
        assert not [it for it in worker.lines if "died" in it["message"]], "its lease was renewed"
        assert queue.count("succeeded") == 15
        assert queue.count("todo") == 5, "it took no more"
        queue.sql("DELETE FROM procrastinate_jobs")
        enqueue(web, "effect", count=15, seconds=60)
        with queue.worker(JOBS_CONCURRENCY="15", SERVER_GRACE_SECONDS="1") as worker:
            wait_until(lambda: queue.count("doing") == 15)
            assert worker.stop() == 0
    assert queue.count("todo") == 15
    assert queue.sql("SELECT sum(attempts) FROM procrastinate_jobs") == "0", "that was no try"
    print("J3: SIGTERM: 15 of 15 finished within the grace time, 15 of 15 longer ones requeued")  # noqa: T201 - the figure


def test_a_schedule_runs_once_a_slot_across_replicas_also_when_one_is_killed(
    queue: Queued,
) -> None:
    with ExitStack() as stack:
        workers = [stack.enter_context(queue.worker(TRIALS_SCHEDULE="true")) for _ in range(3)]
        wait_until(lambda: int(queue.sql("SELECT count(*) FROM runs")) >= 3)
        workers[0].process.kill()
        wait_until(lambda: int(queue.sql("SELECT count(*) FROM runs")) >= 9)
    names = queue.sql("SELECT name FROM runs ORDER BY at").split("\n")
    slots = [int(name.rpartition("@")[2]) for name in names]
    assert len(set(slots)) == len(slots), "one run for each"
    assert sorted(slots) == list(range(min(slots), max(slots) + 1, 2)), "and for every slot"
    print(f"J4: {len(slots)} runs of {len(set(slots))} slots, one of three replicas killed")  # noqa: T201 - the figure


def test_a_job_that_fails_or_kills_its_worker_is_held_and_can_run_again(queue: Queued) -> None:
    with queue.web() as web:
        enqueue(web, "fail")
        enqueue(web, "kill")
    starts = 0
    while queue.count("failed") < 2:
        starts += 1
        assert starts < 10, "the number of tries is bounded"
        with queue.unwatched_worker() as process:
            wait_until(lambda: queue.count("failed") == 2 or process.poll() is not None)
    tries = queue.sql("SELECT name, count(*) FROM runs GROUP BY name ORDER BY name")
    assert tries == "fail|3\nkill|3"
    listed = queue.jobs("failed")
    assert re.search(r"^2  kill .*\n1  fail ", listed, re.MULTILINE), listed
    assert '"n": 0' in queue.jobs("show", "1")
    assert "job 1 runs again" in queue.jobs("retry", "1")
    assert "job 2 is cancelled" in queue.jobs("cancel", "2")
    with queue.worker():
        wait_until(lambda: queue.sql("SELECT count(*) FROM runs WHERE name = 'fail'") == "6")
    print("J5: a job that fails and one that kills its worker are held after 3 of 3 tries")  # noqa: T201 - the figure


def test_a_job_that_this_release_cannot_read_waits_for_a_later_one(queue: Queued) -> None:
    with queue.web() as web:
        enqueue(web, "effect", count=2)
    queue.sql(
        "UPDATE procrastinate_jobs SET task_name = 'of-a-later-release' WHERE id = 1;"
        "UPDATE procrastinate_jobs SET args = jsonb_set(args, '{arguments,colour}', '1') "
        "WHERE id = 2"
    )
    with queue.worker() as worker:
        wait_until(
            lambda: queue.sql("SELECT count(args -> 'unread') FROM procrastinate_jobs") == "2"
        )
        wait_until(lambda: queue.count("todo") == 2)
        lines = [it for it in worker.lines if it["message"].startswith("job requeued")]
        assert {it["reason"] for it in lines} == {
            "this release has no such job",
            "colour: Extra inputs are not permitted",
        }
    assert queue.sql("SELECT sum(attempts) FROM procrastinate_jobs") == "0"
    queue.sql(
        "UPDATE procrastinate_jobs SET scheduled_at = NULL, args = args || '{\"unread\": 9}'::jsonb"
    )
    with queue.worker():
        wait_until(lambda: queue.count("failed") == 2)
    assert queue.sql("SELECT count(*) FROM runs") == "0"


def test_jobs_run_through_pgbouncer_by_polling(queue: Queued, server: Server) -> None:
    with pgbouncer(server, 6) as way:
        through = queue.url.replace(f":{server.port}/", f":{way.port}/")
        variables = {"DATABASE_URL": through, "DATABASE_PGBOUNCER": "true"}
        with queue.web(**variables) as web, queue.worker(**variables), queue.worker(**variables):
            enqueue(web, "effect", count=200)
            seconds = wait_until(lambda: queue.count("succeeded") == 200)
    assert queue.sql("SELECT count(*), count(DISTINCT n) FROM effects") == "200|200"
    print(f"200 jobs through PgBouncer in transaction mode: {seconds:.1f} s")  # noqa: T201 - the figure


def test_the_worker_refuses_an_embedded_database(service: Carved, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/some.db"
    worker = service.serve("-m", "app", "worker", DATABASE_URL=url)
    with pytest.raises(AssertionError, match="the database is embedded"), worker:
        pass
    assert worker.process.wait() == 78
