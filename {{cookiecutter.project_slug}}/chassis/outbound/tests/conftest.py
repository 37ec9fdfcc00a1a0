from __future__ import annotations

import pytest


@pytest.fixture
def generous(monkeypatch: pytest.MonkeyPatch) -> None:
    """Budget for every try."""
    monkeypatch.setattr("chassis.outbound.budget.A_SECOND", 1e9)
