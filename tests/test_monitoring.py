"""The rules are valid and do what their cases say, and every alert has its runbook."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.documents import anchors
from tests.monitoring import alerts, dashboards, drawn, names, rules
from tests.template import MANIFEST, carve, run

if TYPE_CHECKING:
    from pathlib import Path

FEATURES = [name for name, default in MANIFEST.items() if default is True and name != "metrics"]
CARVINGS: list[dict[str, Any]] = [
    {},
    {"jobs": True},
    *({name: False} for name in FEATURES),
    dict.fromkeys(FEATURES, False),
]
SEVERITIES = {"page", "ticket"}
LONGEST_UID = 40
"""Characters, Grafana's limit."""


@pytest.fixture(params=CARVINGS, ids=lambda off: "-".join(["all", *off]))
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A carving with metrics, with or without the other features."""
    return carve(tmp_path / "orders", **request.param, _chassis_tests=True)


@pytest.fixture
def everything(tmp_path: Path) -> Path:
    return carve(tmp_path / "orders", _chassis_tests=True, jobs=True)


@pytest.fixture
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("NOT PROVEN: no promtool here (Debian: apt install prometheus)")
    return found


def test_prometheus_takes_the_rules_and_finds_them(service: Path, promtool: str) -> None:
    paths = sorted(map(str, (service / "monitoring" / "rules").glob("*.yaml")))
    ended = run(promtool, "check", "rules", *paths, cwd=service)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    config = service / "monitoring" / "prometheus.yaml"
    if config.exists():
        ended = run(promtool, "check", "config", str(config), cwd=service)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert f"{len(paths)} rule files found" in ended.stdout + ended.stderr


def test_every_case_of_the_rules_holds(everything: Path, promtool: str) -> None:
    cases = sorted((everything / "monitoring" / "rules" / "tests").glob("*.yaml"))
    ended = run(promtool, "test", "rules", *map(str, cases), cwd=everything)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_cases_of_a_carving_are_of_rules_that_it_has(service: Path) -> None:
    for path in (service / "monitoring" / "rules" / "tests").glob("*.yaml"):
        for rule_file in yaml.safe_load(path.read_text("utf-8"))["rule_files"]:
            assert (path.parent / rule_file).exists(), path


def test_every_alert_has_cases_in_which_it_fires_and_in_which_it_does_not(service: Path) -> None:
    firing: list[set[str]] = []
    recorded = {rule["record"] for rule in rules(service) if "record" in rule}
    for path in (service / "monitoring" / "rules" / "tests").glob("*.yaml"):
        for case in yaml.safe_load(path.read_text("utf-8"))["tests"]:
            for moment in case["promql_expr_test"]:
                if moment["expr"] in recorded:
                    continue
                assert moment["expr"] == 'ALERTS{alertstate="firing"}'
                labels = " ".join(sample["labels"] for sample in moment["exp_samples"])
                firing.append(set(re.findall('alertname="([^"]+)"', labels)))
    assert set.union(*firing) == set(alerts(service))
    assert set.intersection(*firing) == set()


def test_every_alert_says_how_urgent_it_is_and_where_its_runbook_is(service: Path) -> None:
    page = (service / "docs" / "runbooks.md").read_text("utf-8")
    documented = {line.removeprefix("## ") for line in page.splitlines() if line.startswith("## ")}
    assert documented == set(alerts(service))
    for rule in rules(service):
        if "alert" in rule:
            assert rule["labels"].keys() == {"severity"}
            assert rule["labels"]["severity"] in SEVERITIES
            assert rule["annotations"].keys() == {"summary", "description", "runbook"}
            path, _, anchor = rule["annotations"]["runbook"].partition("#")
            assert path == "docs/runbooks.md"
            assert anchor == rule["alert"].lower()
            assert anchor in anchors(page)


def test_objectives_and_thresholds_stand_in_one_place(service: Path) -> None:
    """What alerts on errors and latency reads nothing but recorded series."""
    raw = {"http_requests_total", "http_request_duration_seconds_bucket"}
    readers = {rule["file"] for rule in rules(service) if names(rule["expr"]) & raw}
    assert readers == {"objectives.yaml"}


def test_every_rule_is_about_this_service_alone(service: Path) -> None:
    """In a Prometheus that many services share, a rule without its job would be everybody's."""
    recorded = {rule["record"] for rule in rules(service) if "record" in rule}
    for rule in rules(service):
        for name in names(rule["expr"]) - recorded:
            chosen = re.findall(rf"\b{name}\b(\{{[^}}]*\}})?", rule["expr"])
            assert all('job="orders"' in found for found in chosen), rule


def test_every_dashboard_can_be_told_apart_and_is_of_no_one_data_source(service: Path) -> None:
    boards = dashboards(service)
    uids = [board["uid"] for board in boards.values()]
    assert len({*uids}) == len(uids)
    for name, board in boards.items():
        assert 0 < len(board["uid"]) <= LONGEST_UID
        ids = [panel["id"] for panel in board["panels"]]
        assert len({*ids}) == len(ids), name
        asked = [it for it in board["panels"] if it["type"] != "row"] + board["annotations"]["list"]
        assert {it["datasource"]["uid"] for it in asked} == {"${datasource}"}, name
        assert all(panel["targets"] and panel["description"] for panel in asked if "id" in panel)
        assert not overlapping(board["panels"]), name
    for question in drawn(service):
        assert "$" not in question.expr, question


def overlapping(panels: list[dict[str, Any]]) -> bool:
    """Return whether two panels share a cell of the grid, or one leaves it."""
    cells: list[tuple[int, int]] = []
    for place in (panel["gridPos"] for panel in panels):
        columns = range(place["x"], place["x"] + place["w"])
        cells += [(x, y) for x in columns for y in range(place["y"], place["y"] + place["h"])]
    return len({*cells}) < len(cells) or max(x for x, _ in cells) > 23


def test_a_board_or_rule_of_a_feature_is_gone_with_it(tmp_path: Path) -> None:
    small = carve(tmp_path / "orders", **dict.fromkeys(FEATURES, False))
    assert set(dashboards(small)) == {"service.json"}
    assert {rule["file"] for rule in rules(small)} == {
        "objectives.yaml",
        "requests.yaml",
        "service.yaml",
    }


@pytest.mark.parametrize(
    ("expr", "read"),
    [
        ('sum by (job) (rate(a_total{job="x", b!~"c"}[5m])) / d:e:f > 3', {"a_total", "d:e:f"}),
        ("one == 0 and two\n> bool 1\nunless three offset 5m", {"one", "two", "three"}),
        ('absent(up_now{job="x"} == 1)\nor\n0 * this', {"up_now", "this"}),
    ],
)
def test_the_metrics_of_an_expression_are_found(expr: str, read: set[str]) -> None:
    assert names(expr) == read
