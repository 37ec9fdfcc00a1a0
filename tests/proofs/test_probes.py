"""R3: probes answer correctly and in time, whatever hangs, and need a token for details."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.proofs.carved import FAULTY, Answer, Carved, Replica

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROBES = ("/livez", "/readyz", "/startupz", "/health")
CHECKS = ("gate", "need", "extra")
MOODS = ("hang", "block", "swallow", "fail", "exit", "cancel")
TOKEN = "a-token-of-more-than-thirty-two-bytes"  # noqa: S105 - planted
INTERNALS = ("hunter2", "postgresql", "internal", "Error", "Exception", "Traceback", TOKEN, *CHECKS)
AT_ONCE = 100
FRESH_SECONDS = 0.5
SETTINGS = {"HEALTH_TOKEN": TOKEN, "HEALTH_CACHE_SECONDS": f"{FRESH_SECONDS}"}
ANONYMOUS: tuple[dict[str, str], ...] = (
    {},
    {"Authorization": f"Bearer {TOKEN[:-1]}"},
    {"Authorization": f"Bearer {TOKEN}x"},
    {"Authorization": f"Basic {TOKEN}"},
    {"Authorization": "Bearer "},
)


class Dependencies:
    """What the faulty service depends on, as files that hold its moods."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def be(self, mood: str, *checks: str) -> None:
        for check in checks or CHECKS:
            fresh = self.folder / "next"
            fresh.write_text(mood)
            fresh.replace(self.folder / check)

    def runs(self, check: str) -> int:
        file = self.folder / f"{check}.runs"
        return len(file.read_text()) if file.exists() else 0


@pytest.fixture(scope="module")
def dependencies(tmp_path_factory: pytest.TempPathFactory) -> Dependencies:
    return Dependencies(tmp_path_factory.mktemp("dependencies"))


@pytest.fixture(scope="module")
def replica(everything: Carved, dependencies: Dependencies) -> Iterator[Replica]:
    with everything.serve(FAULTY, str(dependencies.folder), **SETTINGS) as started:
        yield started
        assert started.process.poll() is None
        assert len([line for line in started.lines if line["message"] == "serving"]) == 1
        assert b"hunter2" not in b"".join(started.output)
        assert started.stop() == 0


def until(replica: Replica, path: str, status: int, *, seconds: float) -> float:
    """Ask until the status is seen; return the seconds that took."""
    began = time.monotonic()
    while (answer := replica.ask(path)).status != status:
        assert time.monotonic() - began < seconds, answer
        time.sleep(0.1)
    return time.monotonic() - began


def together(replica: Replica, paths: list[str]) -> list[Answer]:
    with ThreadPoolExecutor(len(paths)) as threads:
        return list(threads.map(replica.ask, paths))


def test_start_up_waits_for_its_first_success_and_readiness_never_again(
    everything: Carved, tmp_path: Path
) -> None:
    dependencies = Dependencies(tmp_path)
    dependencies.be("hang", "gate")
    with everything.serve(FAULTY, str(tmp_path), **SETTINGS) as starting:
        for answer in together(starting, ["/startupz", "/readyz", "/health"]):
            assert (answer.status, answer.seconds < 2) == (503, True)
            assert "starting" in answer.body
        assert starting.ask("/livez").status == 200
        dependencies.be("well", "gate")
        assert until(starting, "/readyz", 200, seconds=5) < 5
        assert starting.ask("/startupz").status == 200
        dependencies.be("fail", "gate")
        time.sleep(FRESH_SECONDS)
        assert [answer.status for answer in together(starting, [*PROBES])] == [200] * 4
        assert '"degraded"' in starting.ask("/health").body


@pytest.mark.parametrize("mood", MOODS)
def test_whatever_ails_it_the_service_lives_says_so_in_time_and_comes_back(
    replica: Replica, dependencies: Dependencies, mood: str
) -> None:
    dependencies.be("well")
    until(replica, "/readyz", 200, seconds=5)
    dependencies.be(mood)
    until(replica, "/readyz", 503, seconds=4)
    slowest = {"/livez": 0.0, "/readyz": 0.0, "/health": 0.0}
    end = time.monotonic() + 2  # seconds, so that outcomes of every age are met
    while time.monotonic() < end:
        paths = [path for path in slowest for _ in range(4)]
        for path, answer in zip(paths, together(replica, paths), strict=True):
            assert answer.status == (200 if path == "/livez" else 503)
            slowest[path] = max(slowest[path], answer.seconds)
    dependencies.be("well")
    back = until(replica, "/readyz", 200, seconds=5)
    assert slowest["/livez"] < 0.5
    assert max(slowest.values()) < 2
    timings = ", ".join(f"{path} {seconds:.3f} s" for path, seconds in slowest.items())
    print(f"R3: {mood}: {timings} at worst, back in {back:.2f} s")  # noqa: T201 - the figures


def test_a_hundred_probes_at_once_cost_one_run_of_each_check(
    replica: Replica, dependencies: Dependencies
) -> None:
    dependencies.be("slow")
    until(replica, "/readyz", 200, seconds=5)
    until(replica, "/health", 200, seconds=5)
    time.sleep(FRESH_SECONDS + 0.1)
    before = {check: dependencies.runs(check) for check in CHECKS}
    answers = together(replica, ["/readyz", "/health"] * (AT_ONCE // 2))
    assert {answer.status for answer in answers} == {200}
    assert {check: dependencies.runs(check) - before[check] for check in CHECKS} == dict.fromkeys(
        CHECKS, 1
    )


@pytest.mark.parametrize("mood", ["fail", "exit"])
def test_strangers_learn_nothing_and_who_has_the_token_learns_no_message(
    replica: Replica, dependencies: Dependencies, mood: str
) -> None:
    dependencies.be("well")
    until(replica, "/readyz", 200, seconds=5)
    dependencies.be(mood)
    until(replica, "/readyz", 503, seconds=4)
    with ThreadPoolExecutor(len(ANONYMOUS)) as threads:
        for path in PROBES:
            ask = partial(replica.ask, f"{path}?token={TOKEN}")
            for answer in threads.map(lambda header, ask=ask: ask(**header), ANONYMOUS):
                said = answer.head + answer.body
                assert not [word for word in INTERNALS if word in said], said
    body = replica.ask("/health", Authorization=f"Bearer {TOKEN}").body
    assert all(f'"{check}"' in body for check in CHECKS)
    assert "hunter2" not in body
    assert "postgresql" not in body
