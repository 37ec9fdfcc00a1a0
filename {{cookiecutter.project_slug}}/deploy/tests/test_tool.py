"""How the tool ends: with a code and one message, never with a traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.__main__ import main
from deploy.errors import Interrupted

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_what_the_disk_refuses_is_told_and_does_not_look_like_rolled_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rollout.toml").write_text('driver = "process"\n')
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "rollouts").touch()
    code = main(["rolling", "release", "--config", str(tmp_path / "rollout.toml")])
    assert code == Interrupted.code
    said = capsys.readouterr()
    assert f"'{tmp_path}/state/rollouts'. See: python3 -m deploy status" in said.out + said.err
