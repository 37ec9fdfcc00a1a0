"""The page of the benchmark tells what was measured, all of it, and what was not reached."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks import pages, report, targets
from benchmarks.picture import draw
from benchmarks.table import Table, markdown, ratios
from tests.template import ROOT

if TYPE_CHECKING:
    from pathlib import Path

ROW = {
    "title": "**carved service**",
    "ratio": 0.96,
    "least": 0.9,
    "most": 1.1,
    "microseconds": 80.0,
    "baseline_microseconds": 77.0,
    "requests": 1000,
    "failed": 2,
}
ORIGIN = {
    "measured": "2026-11-26",
    "commit": "abc1234",
    "machine": {"cores": "2", "cpu": "a cpu", "memory": "8 GB", "kernel": "Linux 7", "python": "3"},
    "effort": {"connections": 16, "rounds": 3, "epochs": 4, "seconds": 1.0, "warm": 0.8},
}
COMPARED = {
    "requests": ["service"],
    "against": ["uvicorn", "careful", "recipe", "untraced", "closing"],
    "realistic": ["service"],
}


def noted(seen: Path, **changed: dict[str, Any]) -> dict[str, Any]:
    """Lay out what stages note, and collect it."""
    figures: dict[str, dict[str, Any]] = {
        name: {"title": name, "note": "", "rows": {it: deepcopy(ROW) for it in rows}}
        for name, rows in COMPARED.items()
    }
    figures["start"] = {"tables": [], "beyond": [[0.1, 0.12, 0.3], [0.05, 0.06, 0.07]]}
    figures["data"] = {"tables": [], "session": [1.05, 1.2, 1.3]}
    figures["carving"] = {"tables": [], "times": [1.2, 1.6, 1.7]}
    for name, stage in (figures | changed).items():
        (seen / f"{name}.json").write_text(json.dumps({**ORIGIN, **stage}), "utf-8")
    return report.collected(seen)


def published() -> dict[str, Any]:
    """Read what was measured and is shown."""
    return dict(json.loads((ROOT / "docs/benchmark.json").read_text("utf-8")))


def test_every_stage_is_run_or_is_told_to_be_occasional() -> None:
    there = {path.stem for path in (ROOT / "benchmarks/stages").glob("[!_]*.py")}
    assert there == {*pages.STAGES, *pages.OCCASIONAL}


def test_every_stage_was_measured_on_a_known_day_of_a_known_commit() -> None:
    stages = published()["stages"]
    assert set(pages.STAGES) <= set(stages)
    for stage in stages.values():
        assert "missing" not in stage
        assert stage["measured"]
        assert stage["commit"] != "unknown"
        assert "dirty" not in stage["commit"]


def test_the_page_is_written_of_the_figures_and_by_nobody_else() -> None:
    assert (ROOT / "docs/benchmark.md").read_text("utf-8") == pages.page(published())


def test_the_readme_says_what_the_figures_say() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert report.insert_summary(readme, published()) == readme


def test_the_page_has_every_table_and_the_stages_documents_name() -> None:
    results = published()
    page = pages.page(results)
    for stage in results["stages"].values():
        assert stage["tables"]
        if "rows" in stage:
            assert stage["tables"] == [json.loads(json.dumps(ratios(stage).figures()))]
        for table in stage["tables"]:
            assert markdown(table) in page
    contributing = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    for name in (*pages.STAGES, *pages.OCCASIONAL):
        assert f"`{name}`" in page
        assert f"`{name}`" in contributing


@pytest.mark.parametrize(
    ("stage", "name"), [(it, name) for it in COMPARED for name in COMPARED[it]]
)
def test_a_figure_that_was_changed_by_hand_is_seen(tmp_path: Path, stage: str, name: str) -> None:
    results = noted(tmp_path)
    changed = deepcopy(results)
    changed["stages"][stage]["rows"][name]["ratio"] = 0.97
    if name not in {"closing", "service"}:  # which have no target
        assert pages.page(changed) != pages.page(results)
    if name != "untraced":
        assert pages.summary(changed) != pages.summary(results)
    if stage != "against":
        assert draw(changed) != draw(results)


def test_what_was_missed_is_said(tmp_path: Path) -> None:
    results = noted(tmp_path)
    missed = [target.words for target in targets.missed(results["stages"])]
    assert missed == [it.words for it in targets.TARGETS if it.words.startswith(WANTING)]
    page = pages.page(results)
    assert "Of 7 targets, 2 were reached" in page
    assert "| the careful stack | 1.5 or more | 0.96 | 0.90 | 1.10 | **missed** |" in page
    assert "seconds beyond | 0.2 or less | 0.12 | 0.10 | 0.30 | reached |" in page
    assert "Of 7 targets, 2 were reached" in " ".join(pages.summary(results).split())


WANTING = ("plain", "the careful", "the widespread", "SQLAlchemy", "cookiecutter")


@pytest.mark.parametrize(
    ("least", "value", "most", "holds"),
    [(0.99, 1.0, 1.01, True), (0.97, 0.98, 0.99, False), (1.0, 1.02, 1.03, True)],
)
def test_a_cost_is_measurable_if_the_whole_spread_shows_it(
    least: float, value: float, most: float, *, holds: bool
) -> None:
    assert targets.around(1.0)(targets.Seen(value, least, most)) == holds


def test_if_nothing_was_missed_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "missed", lambda _: [])
    assert pages.verdict(published()["stages"]) == "All 7 targets were reached."


def test_what_could_not_be_measured_is_said(tmp_path: Path) -> None:
    results = noted(tmp_path, image={"missing": "no container engine answers"})
    assert "## Image\n\nNot measured: no container engine answers.\n" in pages.page(results)
    del results["stages"]["carving"]
    page = pages.page(results)
    assert "times as long to carve | 1.5 or less |  |  |  | not measured |" in page
    assert "Of 6 targets, 2 were reached" in page


def test_failed_requests_are_counted_on_the_page(tmp_path: Path) -> None:
    assert "Of all 7,000 requests whose ratios are reported here, 14 failed." in " ".join(
        pages.page(noted(tmp_path)).split()
    )


def test_figures_of_two_machines_are_not_put_together(tmp_path: Path) -> None:
    other = {"tables": [], "machine": {**ORIGIN["machine"], "cores": "64"}}  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="several machines"):
        noted(tmp_path, series=other)


def test_figures_have_the_digits_that_count() -> None:
    table = Table("T", ("", "a", "b", "c", "d"), note="N.")
    table.add("x", 0.123, 12.34, 1234.5, 7)
    assert markdown(table.figures()) == (
        "## T\n\nN.\n\n|  | a | b | c | d |\n| --- | ---: | ---: | ---: | ---: |\n"
        "| x | 0.12 | 12.3 | 1,234 | 7 |\n"
    )


def test_a_readme_without_a_place_for_the_sentences_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="written by make bench"):
        report.insert_summary("# A readme\n", noted(tmp_path))
