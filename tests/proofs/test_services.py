"""The default service and the smallest one: lint, types, tests and a start."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.proofs.carved import Carved
from tests.proofs.test_own_tests import NOTHING

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "answers", [pytest.param({}, id="default"), pytest.param(NOTHING, id="smallest")]
)
def test_a_service_passes_its_own_commands_and_starts(
    answers: dict[str, bool | str], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    began = time.monotonic()
    carved = Carved.make(tmp_path, **answers)
    carved.run("make", "lint", "types", "test")
    with carved.serve(SERVER_PORT="0", METRICS_PORT="0") as replica:
        assert replica.ask("/readyz").status == 200
        assert replica.stop() == 0
    took = time.monotonic() - began
    print(f"S1 {request.node.callspec.id} service: {took:.0f} s")  # noqa: T201 - the figure
