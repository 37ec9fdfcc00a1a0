"""Which promise of the README was held up by which test, with which figure.

`pytest --promises FOLDER` notes what each test did; `python -m tests.promises FOLDER` tells it as
`promises.md` and `promises.json`, and fails if a promise was not put to the test. A figure is a
line that a test prints, such as `R1: 0 failed of 20000`.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).parent.parent
NOTES = "tests.json"
Tests = dict[str, dict[str, Any]]
"""What each test did: its id -> outcome, seconds, when it ended, figures."""
OF_A_SERVICE = "tests/proofs/test_own_tests.py"
ROW = re.compile(r"^\| (?P<promise>[^|]+) \| (?P<by>[^|]*\btests\b[^|]+) \|$", re.MULTILINE)
NAMED = re.compile(
    r"`((?:(?:app|chassis)/(?:\w+/)?)?tests(?:/[\w/]+\.py)?)`( of a carved service)?"
)
FIGURE = re.compile(r"^[A-Z]\d+[^:\n]{0,40}: .+$", re.MULTILINE)


@dataclass
class Promise:
    """A row of the README's table, and what became of its tests."""

    promise: str
    by: str
    """What the README names."""
    files: list[str]
    """Those of ours that run it."""
    passed: int = 0
    failed: int = 0
    unproven: int = 0
    tests: Tests = field(default_factory=dict)

    @property
    def held(self) -> bool:
        """Whether its tests ran, none failed, and none lacked what it needs."""
        return bool(self.passed) and not self.failed and not self.unproven

    @property
    def figures(self) -> list[tuple[str, str]]:
        """What was measured, and by which test."""
        tests = sorted(self.tests.items())
        return [(figure, test.partition("::")[2]) for test, it in tests for figure in it["figures"]]


class Notes:
    """Plugin of pytest that adds what each test did to what earlier runs noted."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / NOTES
        self.tests: Tests = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test once it has run, or was skipped, or fails in a fixture."""
        if report.when == "call" or report.outcome != "passed":
            figures = FIGURE.findall(report.capstdout)
            if report.skipped and "ROTATED" in str(report.longrepr):
                self.tests.setdefault(report.nodeid, {"outcome": "rotated", "figures": []})
                return
            unproven = report.skipped and "NOT PROVEN" in str(report.longrepr)
            outcome = "unproven" if unproven else report.outcome
            result = {"outcome": outcome, "seconds": round(report.duration, 2)}
            ended = datetime.fromtimestamp(report.stop, UTC).isoformat(" ", "seconds")
            self.tests[report.nodeid] = {**result, "ended": ended, "figures": figures}

    def pytest_sessionfinish(self) -> None:
        """Write them down."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        noted = json.loads(self.file.read_text("utf-8")) if self.file.exists() else {}
        ran = {test: it for test, it in self.tests.items() if it["outcome"] != "rotated"}
        text = json.dumps({**self.tests, **noted, **ran}, indent=2, sort_keys=True)
        self.file.write_text(text + "\n", "utf-8")


def promises(readme: str) -> list[Promise]:
    """Read the README's table; what a carved service's own tests hold up is run by one of ours."""
    rows = []
    for row in ROW.finditer(readme):
        ours = [OF_A_SERVICE if own else name for name, own in NAMED.findall(row["by"])]
        rows.append(Promise(row["promise"], row["by"], list(dict.fromkeys(ours))))
    return rows


def settle(rows: list[Promise], tests: Tests) -> None:
    """Collect for each promise what its tests did, and count it."""
    for row in rows:
        row.tests = {test: it for test, it in tests.items() if test.partition("::")[0] in row.files}
        outcomes = [it["outcome"] for it in row.tests.values()]
        row.passed = outcomes.count("passed")
        row.failed = outcomes.count("failed")
        row.unproven = outcomes.count("unproven")


def markdown(rows: list[Promise]) -> str:
    """Tell it as a table, with the time of the tests, which may be of several runs."""
    ended = sorted(it["ended"] for row in rows for it in row.tests.values() if "ended" in it)
    when = f", by tests that ended from {ended[0]} to {ended[-1]}" if ended else ""
    lines = [f"{total(rows)}{when}.", ""]
    lines += ["| Promise | Held up by | Tests | Figures |", "| --- | --- | --- | --- |"]
    for row in rows:
        counts = f"{row.passed} passed, {row.failed} failed, {row.unproven} not proven"
        verdict = counts if row.held else f"**not held up**: {counts}"
        figures = "<br>".join(f"{figure} (`{test}`)" for figure, test in row.figures)
        figures = figures.replace("|", "\\|")
        lines.append(f"| {row.promise} | {row.by} | {verdict} | {figures} |")
    return "\n".join(lines) + "\n"


def last_runs(tests: Tests) -> str:
    """Tell when each file's tests, and each of those that rotate, were last run here."""
    rows: dict[str, list[str]] = {}
    for test, it in tests.items():
        file = test.partition("::")[0]
        rows.setdefault(test if file == OF_A_SERVICE else file, []).append(it.get("ended", ""))
    lines = ["", "| Tests | How many | Last run, the longest ago |", "| --- | --- | --- |"]
    for name, ended in sorted(rows.items()):
        lines.append(f"| `{name}` | {len(ended)} | {min(ended) or 'never here'} |")
    return "\n".join(lines) + "\n"


def total(rows: list[Promise]) -> str:
    """Say how many promises were held up."""
    return f"{sum(row.held for row in rows)} of {len(rows)} promises were held up"


def main(folder: Path) -> int:
    """Write the report; give 1 and a line for each promise that nothing held up."""
    rows = promises((ROOT / "README.md").read_text("utf-8"))
    notes = folder / NOTES
    tests: Tests = json.loads(notes.read_text("utf-8")) if notes.exists() else {}
    settle(rows, tests)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "promises.md").write_text(markdown(rows) + last_runs(tests), "utf-8")
    data = [{**asdict(row), "held": row.held} for row in rows]
    (folder / "promises.json").write_text(json.dumps(data, indent=2) + "\n", "utf-8")
    for row in rows:
        if not row.held:
            sys.stderr.write(f"not held up by {', '.join(row.files)}: {row.promise}\n")
    sys.stderr.write(f"{total(rows)}\n")
    return 0 if rows and all(row.held for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
