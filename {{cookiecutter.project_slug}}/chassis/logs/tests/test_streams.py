"""Where a line goes, and in how many pieces."""

from __future__ import annotations

import io
import json
import logging
import sys
from typing import TYPE_CHECKING

import pytest

from chassis.logs.tests.installing import install

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def quiet_afterwards() -> Iterator[None]:
    yield
    install(level="WARNING")


class Once(io.StringIO):
    def __init__(self) -> None:
        super().__init__()
        self.writes: list[str] = []

    def write(self, text: str) -> int:
        self.writes.append(text)
        return len(text)


def test_a_line_is_written_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    install()
    monkeypatch.setattr(sys, "stdout", out := Once())
    logging.getLogger("shop").info("told")
    assert len(out.writes) == 1
    assert out.writes[0].endswith("}\n")


def test_a_line_goes_to_standard_error_when_standard_output_is_gone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install()
    gone = io.TextIOWrapper(io.BytesIO())
    gone.close()
    for stream in (gone, None):
        monkeypatch.setattr(sys, "stdout", stream)
        logging.getLogger("shop").info("told")
        assert json.loads(capsys.readouterr().err)["message"] == "told"
    monkeypatch.setattr(sys, "stderr", None)
    logging.getLogger("shop").info("nobody hears")
