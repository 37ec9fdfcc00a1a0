from __future__ import annotations

import pytest


@pytest.fixture
def generous(monkeypatch: pytest.MonkeyPatch) -> None:
    """Budget for every try."""
    monkeypatch.setattr("chassis.outbound.retry_budget.TOKENS_PER_SECOND", 1e9)
