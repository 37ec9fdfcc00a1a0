"""`make up` with each feature off, and with as little as can be."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.containers.stack import Stack, eventually
from tests.containers.working import assert_works, is_scraped, services

if TYPE_CHECKING:
    from pathlib import Path

FEATURES = ("metrics", "database", "cache", "outbound", "tracing", "errors", "auth")
NOTHING = dict.fromkeys(FEATURES, False)
EVERYTHING = {"cache", "database", "migrate", "prometheus", "proxy", "web"}
OFF: dict[str, tuple[dict[str, Any], set[str]]] = {
    "without metrics": ({"metrics": False}, EVERYTHING - {"prometheus"}),
    "without a database": ({"database": False}, EVERYTHING - {"database", "migrate"}),
    "without a cache": ({"cache": False}, EVERYTHING - {"cache"}),
    "without outbound": ({"outbound": False}, EVERYTHING),
    "without tracing": ({"tracing": False}, EVERYTHING),
    "without errors": ({"errors": False}, EVERYTHING),
    "without auth": ({"auth": False}, EVERYTHING),
    "the smallest": (NOTHING, {"proxy", "web"}),
}
"""Answers, and the services that this leaves."""


@pytest.mark.parametrize("name", OFF)
def test_it_works_without_what_is_off_and_goes_down_cleanly(name: str, tmp_path: Path) -> None:
    answers, expected = OFF[name]
    with Stack.carve(tmp_path, **answers).up() as stack:
        assert set(services(stack)) == expected
        assert_works(stack)
        if "prometheus" in expected:
            eventually(lambda: is_scraped(stack))
        began = time.monotonic()
        assert set(stack.stop().values()) == {0}
        assert time.monotonic() - began < 35
        stack.make("down")
        assert stack.containers() == []
