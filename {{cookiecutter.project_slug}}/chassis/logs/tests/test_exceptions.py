from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from chassis.logs.tests.hostile import Broken, BrokenError, write


def raised(error: BaseException) -> Any:
    password_in_a_local = "local-" + "variable"  # noqa: F841 - it must not be shown
    try:
        raise error  # noqa: TRY301 - its traceback is wanted
    except BaseException:  # noqa: BLE001 - groups, too
        return sys.exc_info()


def test_an_exception_is_logged_under_the_names_of_opentelemetry_without_local_variables() -> None:
    try:
        try:
            raise KeyError("first")  # noqa: TRY301 - a cause is wanted
        except KeyError as cause:
            raise BrokenError from cause
    except BrokenError:
        fields = write("failed", exc_info=sys.exc_info())
    assert fields["exception.type"].endswith("hostile.BrokenError")
    assert fields["exception.message"].startswith("<unprintable ")
    assert "KeyError: 'first'" in fields["exception.stacktrace"]
    assert "direct cause" in fields["exception.stacktrace"]
    assert "local-variable" not in json.dumps(write(exc_info=raised(ValueError("bad"))))


def test_a_group_of_exceptions_shows_its_members() -> None:
    group = ExceptionGroup("several", [ValueError("one"), TypeError("two")])
    trace = write(exc_info=raised(group))["exception.stacktrace"]
    assert "ValueError: one" in trace
    assert "TypeError: two" in trace


def test_a_deep_recursion_keeps_the_frames_nearest_to_the_error() -> None:
    def descend(levels: int) -> None:
        if not levels:
            raise ValueError("bottom")
        ascend(levels - 1)

    def ascend(levels: int) -> None:
        descend(levels)

    try:
        descend(300)
    except ValueError:
        trace = write(exc_info=sys.exc_info())["exception.stacktrace"]
    assert trace.count("in ascend") == 25
    assert trace.endswith("ValueError: bottom")


@pytest.mark.parametrize("info", [(None, None, None), (1, 2, 3), ("one",), 5, Broken()])
def test_an_exc_info_without_an_exception_makes_a_line(info: Any) -> None:
    assert "exception.type" not in write(exc_info=info)
