"""Unknown counters count as good neither for the new release nor for the old one."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from time import monotonic

import pytest

from chassis.rollout.configuration import Configuration, Gates
from chassis.rollout.counts import parse_counts
from chassis.rollout.docker.state import InstanceState
from chassis.rollout.errors import StepError
from chassis.rollout.fleet import Instance, Release
from chassis.rollout.gates import UNKNOWN_LIMIT, observe
from chassis.rollout.http_client import Response
from chassis.rollout.progress import Progress
from chassis.rollout.steps import Observe

NEW, OLD = (
    Instance(name, Release(name, f"sha256:{name}", name), "blue", 0) for name in ("new", "old")
)
NOTHING = "# TYPE http_requests_total counter\n# TYPE http_request_duration_seconds histogram\n"
CONFIGURATION = Configuration(
    gates=Gates(counts="/metrics", interval_seconds=0, minimum_requests=100)
)


def metrics(good: float, bad: float = 0, seconds: float = 0.1) -> str:
    labels, bound = 'route="/a",status', f'le="{seconds}"'
    return (
        f'http_requests_total{{{labels}="200"}} {good}\n'
        f'http_requests_total{{{labels}="500"}} {bad}\n'
        f'http_request_duration_seconds_bucket{{{labels}="200",{bound}}} {good + bad:g}\n'
    )


@dataclass
class Instances:
    """Return the next text of each instance per scrape, the last one for ever; "" is an error."""

    texts: dict[str, list[str]]
    scraped: list[str] = field(default_factory=list)

    def fetch_counts(self, instance: Instance, _: str) -> str:
        self.scraped.append(instance.name)
        texts = self.texts[instance.name]
        text = texts.pop(0) if len(texts) > 1 else texts[0]
        if not text:
            raise OSError("/metrics answered 503")
        return text

    def inspect(self, _: Instance) -> InstanceState:
        return InstanceState(alive=True)

    def get(self, *_: object) -> Response:
        return Response(200, "", 0)


@dataclass
class Late(Instances):
    """Have 20 requests from a certain moment on."""

    moment: float = 0

    def fetch_counts(self, *_: object) -> str:
        return metrics(20 if monotonic() > self.moment else 0)


def observe_releases(new: list[str], old: list[str]) -> dict[str, tuple[float, float | None]]:
    """Observe until the end; return the last value and the limit of each gate."""
    instances = Instances({"new": new, "old": old})
    progress = Progress(io.StringIO())
    observe(Observe(0, (NEW,), (OLD,)), instances, CONFIGURATION, progress)  # type: ignore[arg-type]
    return {it.gate: (it.value, it.limit) for it in progress.readings}


def test_errors_of_the_old_release_before_the_step_raise_no_limit() -> None:
    """Its first scrape fails: what it had counted by then does not count."""
    seen = observe_releases([metrics(0), metrics(200)], ["", metrics(84, 16)])
    assert seen["error ratio"] == (0, 0.01)


def test_a_few_errors_of_an_old_release_with_few_requests_raise_the_limit_little() -> None:
    seen = observe_releases([metrics(0), metrics(200)], [metrics(0), metrics(5, 1)])
    assert seen["error ratio"][1] == pytest.approx(0.02)


@pytest.mark.parametrize("silent", ["new", "old"])
def test_without_the_counters_of_every_instance_there_is_no_promotion(silent: str) -> None:
    texts = {"new": [metrics(0), metrics(200)], "old": [metrics(0), metrics(200)], silent: [""]}
    message = (
        rf"^{silent}: /metrics answered 503\. .* unknown {UNKNOWN_LIMIT} times in a row: no data"
    )
    with pytest.raises(StepError, match=message):
        observe_releases(texts["new"], texts["old"])


def test_an_observation_waits_for_a_failed_scrape_and_loses_nothing() -> None:
    seen = observe_releases([metrics(0), "", "", metrics(300)], [metrics(0)])
    assert seen["requests"] == (300, None)


def test_a_release_that_fails_every_request_shows_how_many_of_how_many() -> None:
    message = r"24 of 24 requests failed, counted as of 100: error ratio 0\.24 \(limit 0\.01\)\.$"
    with pytest.raises(StepError, match=message):
        observe_releases([metrics(0), metrics(0, 24)], [metrics(0), metrics(200)])


def test_a_stage_of_a_canary_waits_for_its_requests() -> None:
    step = Observe(0.2, (NEW,), (), 10, needs_data=True)
    progress = Progress(io.StringIO())
    late = Late({}, moment=monotonic() + 0.3)
    observe(step, late, CONFIGURATION, progress)  # type: ignore[arg-type]
    assert progress.readings[-1].value == 20
    few = Instances({"new": [metrics(0), metrics(19)]})
    with pytest.raises(StepError, match=r"^19 requests at 10 % in [01] s .* a stage needs 20\. "):
        observe(step, few, CONFIGURATION, progress)  # type: ignore[arg-type]


def test_errors_missed_by_a_failed_scrape_are_counted_by_the_next() -> None:
    with pytest.raises(
        StepError, match=r"limit: 10 of 200 requests failed: error ratio 0\.05 \(limit 0\.01\)"
    ):
        observe_releases([metrics(0), "", "", metrics(190, 10)], [metrics(0)])


def test_while_the_old_release_is_unknown_the_new_one_does_not_fail_either() -> None:
    as_bad = metrics(194, 6)
    seen = observe_releases([metrics(0), as_bad], [metrics(0), "", as_bad])
    assert seen["error ratio"][0] == 0.03


def test_an_old_release_that_restarts_counts_from_zero() -> None:
    """Its counters fall: nothing is lost, and no number becomes negative."""
    seen = observe_releases([metrics(0), metrics(200)], [metrics(400, 100), metrics(50)])
    assert seen["error ratio"] == (0, 0.01)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "http_requests_total is missing"),
        ("# TYPE http_requests_total counter\n", "http_request_duration_seconds is missing"),
        (f'{NOTHING}http_requests_total{{status="500"}} NaN\n', "is not a valid counter"),
        (f'{NOTHING}http_requests_total{{status="500"}} +Inf\n', "is not a valid counter"),
        (f'{NOTHING}http_requests_total{{status="500"}} -1\n', "is not a valid counter"),
        (f'{NOTHING}http_requests_total{{status="50', "is not a valid counter"),
        (f"{NOTHING}http_requests_total 7\n", "is not a valid counter"),
        (f'{NOTHING}http_request_duration_seconds_bucket{{route="/a"}} 7\n', "le is missing"),
    ],
)
def test_an_invalid_counter_is_not_read_as_zero(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_counts(text)


def test_no_series_yet_is_zero_and_a_timestamp_or_exemplar_is_no_part_of_a_count() -> None:
    assert parse_counts(NOTHING).requests == 0
    line = 'http_requests_total{route="/{a}",status="200"} 3 # {trace_id="1"} 0.5 1.0\n'
    assert parse_counts(f"{NOTHING}{line}").requests == 3
    line = 'http_requests_total{status="200"} 4 1700000000\n'
    assert parse_counts(f"{NOTHING}{line}").requests == 4
