"""The carvings that the proofs run."""

from __future__ import annotations

import pytest

from tests.proofs.carved import Carved


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Carved:
    """Every feature on: the defaults."""
    return Carved.make(tmp_path_factory.mktemp("everything")).sync()


@pytest.fixture(scope="session")
def self_contained(tmp_path_factory: pytest.TempPathFactory) -> Carved:
    """A service that needs no server beside it, in production either."""
    where = tmp_path_factory.mktemp("self_contained")
    return Carved.make(where, database=False, cache=False, outbound=False, auth=False).sync()
