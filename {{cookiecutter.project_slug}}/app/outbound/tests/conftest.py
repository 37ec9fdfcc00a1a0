from __future__ import annotations

import pytest


@pytest.fixture
def generous(monkeypatch: pytest.MonkeyPatch) -> None:
    """Budget for every try."""
    monkeypatch.setattr("app.outbound.budget.A_SECOND", 1e9)
