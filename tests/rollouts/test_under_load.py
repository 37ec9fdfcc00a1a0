"""D1, D2, D3: nobody notices a rollout, and a canary has the share that it should."""

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

from tests.rollouts.measured import DRIVERS
from tests.rollouts.place import FULL, MIX, PAUSE, POSTS, ask, users

if TYPE_CHECKING:
    from tests.rollouts.place import Place

LOADS = {"mixed": MIX, "posts": POSTS}
PAIRS = [
    (it, kind) for it in DRIVERS for kind in LOADS if FULL or (it, kind) != ("docker", "posts")
]
"""Half of the mixed ones are POSTs too."""
REQUESTS = 50_000 if FULL else 2_000
RESTARTS = 10 if FULL else 2
SECONDS = 60 if FULL else 4
SHARES = (1, 5, 10, 25, 50)


@pytest.mark.parametrize(("place", "kind"), PAIRS, indirect=["place"])
def test_rolling_restarts_and_releases_lose_nothing(place: Place, kind: str) -> None:
    times = []
    with users(place, LOADS[kind], at_least=REQUESTS) as those:
        for number in range(RESTARTS):
            began = time.monotonic()
            place.deploy("rolling", *([] if number % 2 else [place.release(f"n{number}")]))
            times.append(time.monotonic() - began)
    tally = those.tally
    assert not tally.failed, tally.reasons
    assert set(tally.statuses) == {200}
    assert min(tally.answered["kept"], tally.answered["new"]) > REQUESTS // 10
    told = f"{median(times):.1f} s, median of {RESTARTS}; 0 failed of {tally.total}"
    print(f"D1: rolling release under load, {kind}: {told}")  # noqa: T201 - the figure


class Watcher:
    """Asks through the proxy, over and over, which revision answers."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.seen: list[tuple[float, float, str]] = []
        self.over = False
        self.thread = threading.Thread(target=self.watch)

    def watch(self) -> None:
        while not self.over:
            asked = time.monotonic()
            revision = self.place.version()
            self.seen.append((asked, time.monotonic(), revision))
            time.sleep(PAUSE / 10)

    def switch(self, old: str, new: str) -> tuple[float, float]:
        """Tell when the first new answer came, and the last old one."""
        first = min(end for _, end, revision in self.seen if revision == new)
        last = max(end for _, end, revision in self.seen if revision == old)
        self.seen.clear()
        return first, last


def test_a_blue_green_switch_and_back_is_quick_and_loses_nothing(place: Place) -> None:
    watcher = Watcher(place)
    watcher.thread.start()
    mixed = []
    with users(place, at_least=REQUESTS) as those:
        for command in (["blue-green", place.release("two")], ["rollback"]):
            place.deploy(*command)
            old, new = ("one", "two") if command[0] == "blue-green" else ("two", "one")
            first, last = watcher.switch(old, new)
            mixed.append(last - first)
    watcher.over = True
    watcher.thread.join()
    assert place.settled() == "one"
    assert not those.tally.failed, those.tally.reasons
    assert max(mixed) < 1
    shown = " and ".join(f"{max(0, seconds):.3f}" for seconds in mixed)
    told = f"last old answer {shown} s after the first new one; 0 failed of {those.tally.total}"
    print(f"D2: blue-green switch and back: {told}")  # noqa: T201 - the figure


class Tool:
    """A canary under way, and the share that it says it has."""

    def __init__(self, place: Place) -> None:
        self.process = place.start("canary", place.release("two"), "--json")
        self.share = 0.0
        self.lines: list[str] = []
        self.thread = threading.Thread(target=self.listen)
        self.thread.start()

    def listen(self) -> None:
        for text in self.process.stdout:
            self.lines.append(text)
            line = json.loads(text)
            left = line.get("left_seconds", 0)
            self.share = line["share"] if left > 1 else 0.0


def test_a_canary_has_its_share_and_a_user_stays_on_one_side(place: Place) -> None:
    # At 1 % the gates need one request of a user: of a thousand, 4 in 100,000 runs have none.
    stages = [(share, SECONDS if share > 1 else 5 * SECONDS) for share in SHARES]
    place.configure(canary=stages, minimum_requests=1, p99=30)
    chosen: defaultdict[float, list[bool]] = defaultdict(list)
    sides: dict[str, list[str]] = {f"regular-{number}": [] for number in range(50)}
    tool = Tool(place)
    for regular in cycle(sides):
        if not tool.thread.is_alive():
            break
        before = tool.share
        # The proxy hashes a user's name and the canary's: with the same names nothing is chance.
        user = f"user-{len(chosen[before])}"
        revision = place.version(user)
        for number in range(3):
            ask(place.proxy, "/greetings/ada", f"{user}-{number}")  # the gates want no probes
        side = place.version(regular)
        if before and tool.share == before < 100:
            chosen[before].append(revision == "two")
            sides[regular].append(side)
    tool.process.communicate()
    assert tool.process.returncode == 0, "".join(tool.lines[-5:])
    assert place.settled() == "two"
    for share in SHARES:
        those = chosen[share]
        assert len(those) > 50, share
        sigma = sqrt(share * (100 - share) / len(those))
        actual = 100 * sum(those) / len(those)
        told = f"{actual:.1f} % of {len(those)} users; sigma is {sigma:.2f}"
        print(f"D3: canary of {share} %: {told}")  # noqa: T201 - the figure
        assert abs(actual - share) <= 3 * sigma
    for user, seen in sides.items():
        assert seen == sorted(seen), f"{user} went back and forth: {seen}"  # one ... two
    assert sum(seen[0] != seen[-1] for seen in sides.values()) > 10
