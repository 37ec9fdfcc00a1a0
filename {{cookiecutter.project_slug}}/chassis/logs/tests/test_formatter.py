from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping
from itertools import count
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.logs.formatter import LineFormatter
from chassis.logs.layout import ConsoleLayout, to_json
from chassis.logs.redaction import Redactor
from chassis.logs.sanitizer import MAX_DEPTH
from chassis.logs.tests.hostile import (
    CORPUS,
    Broken,
    BrokenDict,
    BrokenError,
    Colour,
    Customer,
    Order,
    cycle,
    deep,
    parse,
    write,
)
from chassis.logs.values import MAX_ITEMS


def like(shown: object, expected: object) -> bool:
    """Compare, types included, where an ellipsis stands for anything."""
    if isinstance(expected, list) and isinstance(shown, list):
        return len(shown) == len(expected) and all(map(like, shown, expected))
    return expected is ... or (type(shown) is type(expected) and shown == expected)


@pytest.mark.parametrize("case", range(len(CORPUS)))  # pytest cannot print the values
def test_a_hostile_value_becomes_valid_json(case: int) -> None:
    value, expected = CORPUS[case]
    assert like(write(value=value)["value"], expected)


@pytest.mark.parametrize("case", range(len(CORPUS)))
def test_a_hostile_value_is_logged_as_message_argument_or_item(case: int) -> None:
    value, _ = CORPUS[case]
    write(value)
    write("%s and %r", value, value)
    write("told", {"in": [value]}, outer={"in": (value,)})


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.binary()
    | st.decimals()
    | st.datetimes()
    | st.uuids()
    | st.builds(Broken)
    | st.builds(BrokenDict)
    | st.builds(BrokenError)
    | st.builds(cycle)
    | st.sampled_from([Order(1), Customer(name="\ud800"), Colour.RED, object])
)
KEYS = st.none() | st.integers() | st.floats() | st.text(st.characters()) | st.binary()
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(KEYS | st.tuples(KEYS, KEYS), inner)
    ),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None)
@given(
    message=VALUES,
    arguments=st.lists(VALUES, max_size=3),
    extra=st.dictionaries(st.text(st.characters()), VALUES, max_size=3),
)
def test_any_record_becomes_one_strictly_valid_line(
    message: Any, arguments: list[Any], extra: dict[str, Any]
) -> None:
    record = logging.LogRecord("shop", logging.INFO, "", 0, message, None, None)
    record.args = tuple(arguments)
    event = {"_structlog": extra}
    record.__dict__.update(event)
    for secrets in ((), ("secret-value",)):
        parse(LineFormatter(Redactor(secrets), to_json, {}).format(record))
        assert "\n" not in LineFormatter(
            Redactor(secrets), ConsoleLayout(colours=False), {}
        ).format(record)


def test_arguments_that_do_not_fit_are_kept_beside_the_message() -> None:
    fields = write("%s of %s", 1)
    assert fields["message"] == "%s of %s"
    assert fields["message.arguments"] == [1]
    assert fields["message.error"].startswith("TypeError")


def test_a_long_text_is_cut_in_the_middle_and_says_by_how_much() -> None:
    shown = write(value="a" * 2**20 + "b")["value"]
    assert shown.startswith("aaa")
    assert shown.endswith("aab")
    assert f"[{2**20 + 1 - 16_384} characters cut]" in shown


def test_a_record_of_many_long_texts_still_fits_a_line() -> None:
    fields = write(
        "m" * 10**6, exc_info=(ValueError, ValueError("e" * 10**6), None),
        **{f"field{n}": "\x00" * 10_000 for n in range(1000)},
    )  # fmt: skip
    assert fields["exception.type"] == "ValueError"
    assert fields["…"].endswith("more")


def test_a_long_container_says_how_many_entries_were_left_out() -> None:
    fields = write(list=list(range(MAX_ITEMS + 5)), dict=dict.fromkeys(range(MAX_ITEMS + 5)))
    assert fields["list"][-1] == "… 5 more"
    assert fields["dict"]["…"] == "5 more"


class Endless(Mapping[int, int]):
    def __getitem__(self, key: int) -> int:
        return key

    def __iter__(self) -> Iterator[int]:
        return count()

    def __len__(self) -> int:
        raise RuntimeError("no end")


class EndlessList(list[int]):
    def __iter__(self) -> Iterator[int]:
        return count()


def test_an_endless_container_is_bounded_before_it_is_copied() -> None:
    fields = write(mapping=Endless(), items=EndlessList([1]), tuple=tuple(range(MAX_ITEMS + 5)))
    assert len(fields["mapping"]) == len(fields["items"]) == MAX_ITEMS
    assert fields["mapping"]["…"] == "many more"
    assert fields["tuple"][-2:] == [MAX_ITEMS - 2, "… 6 more"]
    assert write(proxy=MappingProxyType(dict.fromkeys(range(MAX_ITEMS))))["proxy"]["99"] is None


def test_wide_and_deep_containers_are_written_in_bounded_time() -> None:
    lists: Any = "leaf"
    dicts: Any = "leaf"
    for _ in range(MAX_DEPTH - 2):
        lists = [lists] * MAX_ITEMS
        dicts = dict.fromkeys(range(MAX_ITEMS), dicts)
    write(lists=lists)
    write(dicts=dicts)


def test_containers_nested_too_deep_are_cut_there() -> None:
    line = json.dumps(write(value=deep(5000))["value"])
    assert line == f'{"[" * MAX_DEPTH}"<nested deeper than {MAX_DEPTH}>"{"]" * MAX_DEPTH}'


def test_a_field_never_replaces_a_reserved_one() -> None:
    fields = write(level="bad", **{"service.name": "evil", "timestamp": 1, "request_id": "x"})
    assert fields["level"] == "info"
    assert fields["service.name"] == "orders"
    assert fields["field.service.name"] == "evil"
    assert fields["field.level"] == "bad"
    assert fields["field.timestamp"] == 1
    assert fields["field.request_id"] == "x"


def test_the_time_is_rfc_3339_in_utc_to_the_microsecond(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        assert write(created=1.5)["timestamp"] == "1970-01-01T00:00:01.500000Z"
    time.tzset()
    assert write(created=1.0)["timestamp"] == "1970-01-01T00:00:01.000000Z"


def test_a_record_that_cannot_be_read_still_makes_a_line() -> None:
    record = logging.LogRecord("shop", logging.INFO, "", 0, "told", None, None)
    record.created = float("nan")
    fields = parse(LineFormatter(Redactor(()), to_json, {}).format(record))
    assert fields["message"] == "a record could not be written: ValueError"
    assert fields["level"] == "info"


def test_the_console_shows_the_fields_of_a_record_on_its_line() -> None:
    record = logging.LogRecord("shop", logging.INFO, "", 0, "two words", None, None)
    record.created, record.__dict__["items"] = 0.0, {"a b": 1}
    line = LineFormatter(Redactor(()), ConsoleLayout(colours=False), {}).format(record)
    assert line == '00:00:00.000 info     two words [shop] items={"a b":1}'
    assert "\x1b[32m" in LineFormatter(Redactor(()), ConsoleLayout(colours=True), {}).format(record)


@pytest.mark.parametrize("forged", ["\n", "\r", "\x1b[2K", "\u2028", "\x85", "\u202e"])
def test_no_value_can_forge_a_line_on_the_console(forged: str) -> None:
    text = f"a{forged}00:00:00.000 critical owned"
    info = (ValueError, ValueError(text), None)
    record = logging.LogRecord(text, logging.INFO, "", 0, text, None, info)
    record.__dict__.update({text: text, "deep": {text: [text]}})
    first, *below = (
        LineFormatter(Redactor(()), ConsoleLayout(colours=False), {}).format(record).split("\n")
    )
    assert not any(character in first for character in forged.replace("[2K", ""))
    assert below
    assert all(line.startswith("    ") for line in below)
    assert not any(character in "".join(below) for character in forged.replace("[2K", ""))
