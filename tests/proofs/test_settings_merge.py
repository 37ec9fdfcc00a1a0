"""An option comes beside settings of the team's own: the service itself writes both down."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.proofs.carved import Carved, clean, uv
from tests.proofs.test_features import commit
from tests.template import ROOT

ROWS = ("| `CACHE_URL` |", "| `CUSTOMERS_LIMIT` |", "| `GREETINGS_LIMIT` | `20` |")
LINES = ("#CACHE_URL=", "#CUSTOMERS_LIMIT=", "#GREETINGS_LIMIT=20")


@pytest.mark.timeout(600)
def test_settings_of_an_option_and_of_the_team_are_written_after_the_merge(tmp_path: Path) -> None:
    service = Carved.make(tmp_path, cache=False).sync()
    commit(service, "First")
    service.run("make", "feature", "NAME=customers")
    main = service.path / "app/main.py"
    main.write_text(main.read_text().replace("= Greetings()", "= Greetings(limit=20)"))
    service.run("make", "settings", "ARGS=--write")
    commit(service, "Ours")
    ended = subprocess.run(
        [sys.executable, "-B", "-m", "carve", "add", "cache"],
        cwd=service.path,
        env=clean(
            PYTHONPATH=str(ROOT),
            PATH=f"{Path(uv()).parent}{os.pathsep}{os.environ['PATH']}",
        ),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "make settings" not in ended.stdout
    assert "uv lock" not in ended.stdout
    for name, wanted in (("docs/settings.md", ROWS), (".env.example", LINES)):
        text = (service.path / name).read_text()
        assert [it for it in wanted if it not in text] == []
    assert service.run("make", "settings", "ARGS=--write").stdout == "nothing to write\n"
    left = service.run("git", "status", "--porcelain").stdout.splitlines()
    assert [it for it in left if it[1] != " "] == [], "all of it is staged"
    service.run("make", "lint")
