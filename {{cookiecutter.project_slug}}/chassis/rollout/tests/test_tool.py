"""How the tool ends: with a code and one message, never with a traceback."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from chassis.rollout import operations
from chassis.rollout.__main__ import main
from chassis.rollout.errors import Interrupted, StepFailed

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_code_that_is_told_is_the_one_that_it_ends_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> int:
        raise StepFailed("the engine does not answer")

    monkeypatch.setattr(operations, "resume", fail)
    (tmp_path / "rollout.toml").touch()
    code = main(["resume", "--json", "--config", str(tmp_path / "rollout.toml")])
    assert code == Interrupted.code
    said = capsys.readouterr()
    assert json.loads(said.out + said.err)["exit_code"] == code


def test_what_the_disk_refuses_is_told_and_does_not_look_like_rolled_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rollout.toml").write_text('driver = "process"\n')
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "rollouts").touch()
    code = main(["rolling", "release", "--config", str(tmp_path / "rollout.toml")])
    assert code == Interrupted.code
    said = capsys.readouterr()
    assert (
        f"'{tmp_path}/state/rollouts'. See: python3 -m chassis.rollout status"
        in said.out + said.err
    )
