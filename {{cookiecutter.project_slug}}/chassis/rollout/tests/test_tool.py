"""The tool ends with an exit code and one message, never with a traceback."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from chassis.rollout import operations
from chassis.rollout.__main__ import main
from chassis.rollout.errors import StepError, UnfinishedError
from chassis.rollout.tests import processes

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_exit_code_in_the_output_is_the_one_of_the_process(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> int:
        raise StepError("the engine does not answer")

    monkeypatch.setattr(operations, "resume", fail)
    (tmp_path / "rollout.toml").touch()
    code = main(["resume", "--json", "--config", str(tmp_path / "rollout.toml")])
    assert code == UnfinishedError.code
    output = capsys.readouterr()
    assert json.loads(output.out + output.err)["exit_code"] == code


def test_an_error_of_the_disk_is_reported_and_is_not_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rollout.toml").touch()
    (tmp_path / "REVISION").write_text("one")
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "rollouts").touch()
    code = processes.main(["rolling", str(tmp_path), "--config", str(tmp_path / "rollout.toml")])
    assert code == UnfinishedError.code
    output = capsys.readouterr()
    assert (
        f"'{tmp_path}/state/rollouts'\nWhat runs is shown by: python3 -m chassis.rollout status"
        in output.out + output.err
    )
