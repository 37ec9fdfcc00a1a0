"""D1, D2, D3: no request of a rollout fails, and a canary has the share that it should."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from itertools import cycle
from math import sqrt
from statistics import median
from typing import TYPE_CHECKING

import pytest

from tests.rollouts.host import FULL, MIX, PAUSE, POSTS, send_get, user_load
from tests.rollouts.measured import HOSTS

if TYPE_CHECKING:
    from tests.rollouts.host import RolloutHost

LOADS = {"mixed": MIX, "posts": POSTS}
PAIRS = [(it, kind) for it in HOSTS for kind in LOADS if FULL or (it, kind) != ("docker", "posts")]
"""Half of the mixed ones are POSTs too."""
REQUESTS = 50_000 if FULL else 2_000
RESTARTS = 10 if FULL else 2
SECONDS = 60 if FULL else 8
SHARES = (1, 5, 10, 25, 50)


@pytest.mark.parametrize(("host", "kind"), PAIRS, indirect=["host"])
def test_rolling_restarts_and_releases_lose_nothing(host: RolloutHost, kind: str) -> None:
    times = []
    with user_load(host, LOADS[kind], at_least=REQUESTS) as load:
        for number in range(RESTARTS):
            began = time.monotonic()
            host.run_tool("rolling", *([] if number % 2 else [host.create_release(f"n{number}")]))
            times.append(time.monotonic() - began)
    tally = load.tally
    assert not tally.failed, tally.reasons
    assert set(tally.statuses) == {200}
    assert min(tally.answered["kept"], tally.answered["new"]) > REQUESTS // 10
    result = f"{median(times):.1f} s, median of {RESTARTS}; 0 failed of {tally.total}"
    print(f"D1: rolling release under load, {kind}: {result}")  # noqa: T201 - the figure


class Watcher:
    """Reads through the proxy, again and again, which revision answers."""

    def __init__(self, host: RolloutHost) -> None:
        self.host = host
        self.answers: list[tuple[float, float, str]] = []
        self.is_stopped = False
        self.thread = threading.Thread(target=self.watch)

    def watch(self) -> None:
        while not self.is_stopped:
            sent = time.monotonic()
            revision = self.host.read_revision()
            self.answers.append((sent, time.monotonic(), revision))
            time.sleep(PAUSE / 10)

    def switch(self, old: str, new: str) -> tuple[float, float]:
        """Return when the first new answer came, and the last old one."""
        first = min(end for _, end, revision in self.answers if revision == new)
        last = max(end for _, end, revision in self.answers if revision == old)
        self.answers.clear()
        return first, last


def test_a_blue_green_switch_and_back_is_quick_and_loses_nothing(host: RolloutHost) -> None:
    watcher = Watcher(host)
    watcher.thread.start()
    mixed = []
    with user_load(host, at_least=REQUESTS) as load:
        for command in (["blue-green", host.create_release("two")], ["rollback"]):
            host.run_tool(*command)
            old, new = ("one", "two") if command[0] == "blue-green" else ("two", "one")
            first, last = watcher.switch(old, new)
            mixed.append(last - first)
    watcher.is_stopped = True
    watcher.thread.join()
    assert host.settled_revision() == "one"
    assert not load.tally.failed, load.tally.reasons
    assert max(mixed) < 1
    shown = " and ".join(f"{max(0, seconds):.3f}" for seconds in mixed)
    result = f"last old answer {shown} s after the first new one; 0 failed of {load.tally.total}"
    print(f"D2: blue-green switch and back: {result}")  # noqa: T201 - the figure


class Tool:
    """A canary in progress, and the share that it reports."""

    def __init__(self, host: RolloutHost) -> None:
        self.process = host.start_tool("canary", host.create_release("two"), "--json")
        self.share = 0.0
        self.lines: list[str] = []
        self.thread = threading.Thread(target=self.listen)
        self.thread.start()

    def listen(self) -> None:
        for text in self.process.stdout:
            self.lines.append(text)
            line = json.loads(text)
            left = line.get("remaining_seconds", 0)
            self.share = line["share"] if left > 1 else 0.0


def test_a_canary_has_its_share_and_a_user_stays_on_one_side(host: RolloutHost) -> None:
    # At 1 % the gates need one request of a user: of a thousand, 4 in 100,000 runs have none.
    stages = [(share, SECONDS if share > 1 else max(SECONDS, 20)) for share in SHARES]
    host.configure(canary=stages, minimum_requests=1, p99=30)
    chosen: defaultdict[float, list[bool]] = defaultdict(list)
    sides: dict[str, list[str]] = {f"regular-{number}": [] for number in range(50)}
    tool = Tool(host)
    for regular in cycle(sides):
        if not tool.thread.is_alive():
            break
        before = tool.share
        # The proxy hashes a user's name and the canary's: with the same names nothing is chance.
        user = f"user-{len(chosen[before])}"
        revision = host.read_revision(user)
        for number in range(3):
            send_get(host.proxy, "/greetings/ada", f"{user}-{number}")  # the gates want no probes
        side = host.read_revision(regular)
        if before and tool.share == before < 100:
            chosen[before].append(revision == "two")
            sides[regular].append(side)
    tool.process.communicate()
    assert tool.process.returncode == 0, "".join(tool.lines[-5:])
    assert host.settled_revision() == "two"
    for share in SHARES:
        users = chosen[share]
        assert len(users) > 50, share
        sigma = sqrt(share * (100 - share) / len(users))
        actual = 100 * sum(users) / len(users)
        result = f"{actual:.1f} % of {len(users)} users; sigma is {sigma:.2f}"
        print(f"D3: canary of {share} %: {result}")  # noqa: T201 - the figure
        assert abs(actual - share) <= 3 * sigma
    for user, seen in sides.items():
        assert seen == sorted(seen), f"{user} went back and forth: {seen}"  # one ... two
    assert sum(seen[0] != seen[-1] for seen in sides.values()) > 10
