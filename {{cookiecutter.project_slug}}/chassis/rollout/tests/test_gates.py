"""What is not known is taken for good neither in a new release nor in the old one."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import pytest

from chassis.rollout.configuration import Configuration, Gates
from chassis.rollout.counts import parse
from chassis.rollout.drivers import Vitals
from chassis.rollout.errors import StepFailed
from chassis.rollout.fleet import Instance, Release
from chassis.rollout.gates import BLIND, observe
from chassis.rollout.probe import Answer
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
class Host:
    """Gives each instance's metrics, one text a scrape; the last one for ever. "" is no answer."""

    texts: dict[str, list[str]]
    scraped: list[str] = field(default_factory=list)

    def counts(self, instance: Instance, _: str) -> str:
        self.scraped.append(instance.name)
        texts = self.texts[instance.name]
        text = texts.pop(0) if len(texts) > 1 else texts[0]
        if not text:
            raise OSError("/metrics answers 503")
        return text

    def vitals(self, _: Instance) -> Vitals:
        return Vitals(alive=True)

    def ask(self, *_: object) -> Answer:
        return Answer(200, "", 0)


def observed(new: list[str], old: list[str]) -> dict[str, tuple[float, float | None]]:
    """Watch until the end; tell what each gate read last, and its limit."""
    host = Host({"new": new, "old": old})
    progress = Progress(io.StringIO())
    readings = observe(Observe(0, (NEW,), (OLD,)), host, CONFIGURATION, progress)  # type: ignore[arg-type]
    return {it.gate: (it.value, it.limit) for it in readings}


def test_errors_of_the_old_release_before_the_step_loosen_nothing() -> None:
    """Its first scrape fails: what it had counted by then is not what it has counted since."""
    seen = observed([metrics(0), metrics(200)], ["", metrics(84, 16)])
    assert seen["error ratio"] == (0, 0.01)


def test_a_few_errors_of_an_old_release_with_few_requests_loosen_little() -> None:
    seen = observed([metrics(0), metrics(200)], [metrics(0), metrics(5, 1)])
    assert seen["error ratio"][1] == pytest.approx(0.02)


@pytest.mark.parametrize("mute", ["new", "old"])
def test_without_the_figures_of_everybody_there_is_no_promotion(mute: str) -> None:
    texts = {"new": [metrics(0), metrics(200)], "old": [metrics(0), metrics(200)], mute: [""]}
    told = rf"^{mute}: /metrics answers 503\. How .* unknown at {BLIND} looks in a row: no data"
    with pytest.raises(StepFailed, match=told):
        observed(texts["new"], texts["old"])


def test_a_scrape_that_is_missing_is_waited_for_and_loses_nothing() -> None:
    seen = observed([metrics(0), "", "", metrics(300)], [metrics(0)])
    assert seen["requests"] == (300, None)


def test_errors_that_a_missing_scrape_did_not_tell_are_told_by_the_next() -> None:
    with pytest.raises(StepFailed, match=r"error ratio 0\.05 "):
        observed([metrics(0), "", "", metrics(190, 10)], [metrics(0)])


def test_while_the_old_release_is_unknown_the_new_one_is_not_condemned_either() -> None:
    as_bad = metrics(194, 6)
    seen = observed([metrics(0), as_bad], [metrics(0), "", as_bad])
    assert seen["error ratio"][0] == 0.03


def test_an_old_release_that_starts_again_counts_from_zero() -> None:
    """Its counters fall; neither is what they were lost, nor is there a negative number."""
    seen = observed([metrics(0), metrics(200)], [metrics(400, 100), metrics(50)])
    assert seen["error ratio"] == (0, 0.01)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "http_requests_total is missing"),
        ("# TYPE http_requests_total counter\n", "http_request_duration_seconds is missing"),
        (f'{NOTHING}http_requests_total{{status="500"}} NaN\n', "is no count"),
        (f'{NOTHING}http_requests_total{{status="500"}} +Inf\n', "is no count"),
        (f'{NOTHING}http_requests_total{{status="500"}} -1\n', "is no count"),
        (f'{NOTHING}http_requests_total{{status="50', "is no count"),
        (f"{NOTHING}http_requests_total 7\n", "is no count"),
        (f'{NOTHING}http_request_duration_seconds_bucket{{route="/a"}} 7\n', "no bound"),
    ],
)
def test_what_says_no_number_is_not_taken_for_zero(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse(text)


def test_no_series_yet_is_zero_and_a_timestamp_or_exemplar_is_no_part_of_a_count() -> None:
    assert parse(NOTHING).requests == 0
    line = 'http_requests_total{route="/{a}",status="200"} 3 # {trace_id="1"} 0.5 1.0\n'
    assert parse(f"{NOTHING}{line}").requests == 3
    assert parse(f'{NOTHING}http_requests_total{{status="200"}} 4 1700000000\n').requests == 4
