"""Any change of any schema: equal ones never differ, and what is worse for a client is breaking."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.api_diff.changes import compare
from chassis.api_diff.tests.describing import members, reference, returns, sends

NAMES = ("a", "b")
INTEGERS = st.fixed_dictionaries(
    {"type": st.just("integer")},
    optional={
        "minimum": st.integers(0, 3),
        "exclusiveMinimum": st.integers(-1, 2),
        "maximum": st.integers(2, 5),
        "exclusiveMaximum": st.integers(2, 5),
    },
)
FORMS = ({"minimum", "exclusiveMinimum"}, {"maximum", "exclusiveMaximum"})
STRINGS = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("string")},
        optional={"minLength": st.integers(0, 2), "maxLength": st.integers(1, 3)},
    ),
    st.builds(
        lambda them: {"type": "string", "enum": them},
        st.lists(st.sampled_from(["", "x", "xy"]), min_size=1),
    ),
)
NULL = st.just({"type": "null"})


def larger(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    lists = st.fixed_dictionaries(
        {"type": st.just("array"), "items": inner}, optional={"maxItems": st.integers(0, 2)}
    )
    things = st.builds(
        lambda required, a, b: members(*sorted(required), a=a, b=b),
        st.sets(st.sampled_from(NAMES)),
        inner,
        inner,
    )
    unions = st.builds(lambda them: {"anyOf": them}, st.lists(inner, min_size=1, max_size=3))
    return st.one_of(lists, things, unions)


SCHEMAS = st.recursive(st.one_of(INTEGERS, STRINGS, NULL), larger, max_leaves=5)
VALUES = st.recursive(
    st.one_of(st.none(), st.integers(0, 5), st.sampled_from(["", "x", "xy", "xyz"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner)
    ),
    max_leaves=4,
)
TYPES = {"integer": int, "string": str, "null": type(None), "array": list, "object": dict}


def accepts(schema: dict[str, Any], value: Any) -> bool:
    """Say what JSON Schema says, as far as it is used here."""
    if "anyOf" in schema:
        return any(accepts(it, value) for it in schema["anyOf"])
    fits = value in schema.get("enum", [value]) and isinstance(value, TYPES[schema["type"]])
    if isinstance(value, int):
        within = schema.get("minimum", -9) <= value <= schema.get("maximum", 9)
        inside = schema.get("exclusiveMinimum", -9) < value < schema.get("exclusiveMaximum", 9)
        return fits and bool(within and inside)
    if isinstance(value, str):
        least, most = schema.get("minLength", 0), schema.get("maxLength", 9)
        return fits and bool(least <= len(value) <= most)
    if fits and isinstance(value, list):
        within = bool(len(value) <= schema.get("maxItems", 9))
        return within and all(accepts(schema["items"], it) for it in value)
    if fits and isinstance(value, dict):
        there = set(schema.get("required", ())) <= value.keys()
        return there and all(accepts(schema["properties"][it], value[it]) for it in value)
    return fits


def is_breaking(before: dict[str, Any], after: dict[str, Any]) -> bool:
    return any(it.breaking for it in compare(before, after))


@settings(deadline=None, max_examples=200)
@given(SCHEMAS)
def test_what_is_equal_has_no_changes(schema: dict[str, Any]) -> None:
    for describe in (sends, returns):
        assert compare(describe(schema), describe(deepcopy(schema))) == []


@settings(deadline=None, max_examples=200)
@given(SCHEMAS, SCHEMAS, VALUES)
def test_a_request_that_is_no_longer_accepted_is_a_breaking_change(
    before: dict[str, Any], after: dict[str, Any], value: Any
) -> None:
    if accepts(before, value) and not accepts(after, value):
        assert is_breaking(sends(before), sends(after))


@settings(deadline=None, max_examples=200)
@given(SCHEMAS, SCHEMAS, VALUES)
def test_a_response_that_was_impossible_is_a_breaking_change(
    before: dict[str, Any], after: dict[str, Any], value: Any
) -> None:
    if accepts(after, value) and not accepts(before, value):
        assert is_breaking(returns(before), returns(after))


@settings(deadline=None, max_examples=500)
@given(INTEGERS, INTEGERS)
def test_limits_break_requests_only_if_a_number_is_no_longer_accepted(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    old, new = ({it for it in range(-8, 9) if accepts(one, it)} for one in (before, after))
    one_form_each = all(len(forms & it.keys()) < 2 for forms in FORMS for it in (before, after))
    if old and new and one_form_each:
        assert is_breaking(sends(before), sends(after)) == bool(old - new)
        assert is_breaking(returns(before), returns(after)) == bool(new - old)


MIRRORED = [
    ("is added", "is removed"),
    ("can also be", "can no longer be"),
    ("no longer has the", "has the"),
    ("is now required", "is no longer required"),
    ("must be one of", "can be other than"),
]


def mirror(what: str) -> str:
    what = what.replace("is added, required", "is added")
    what = re.sub(r"(is|has the \w+) (\S+) instead of (.+)", r"\1 \3 instead of \2", what)
    if "instead of" in what:
        return what
    for one, other in MIRRORED:
        if one in what:
            return what.replace(one, other)
        what = what.replace(other, one) if other in what else what
    return what


@settings(deadline=None, max_examples=200)
@given(SCHEMAS, SCHEMAS)
def test_taking_a_change_back_is_its_mirror(before: dict[str, Any], after: dict[str, Any]) -> None:
    there = compare(sends(members(it=before)), sends(members(it=after, new=after)))
    back = compare(sends(members(it=after, new=after)), sends(members(it=before)))
    assert {mirror(what) for _, what, _ in there} == {what for _, what, _ in back}


def or_null(name: str) -> Any:
    return {"anyOf": [reference(name), {"type": "null"}]}


@settings(deadline=None, max_examples=200)
@given(st.lists(st.sets(st.sampled_from("ABCDEFGH"), min_size=1), min_size=8, max_size=8))
def test_schemas_that_hold_each_other_are_compared_in_no_time(links: list[set[str]]) -> None:
    schemas = {
        name: members(**{it.lower(): or_null(it) for it in to})
        for name, to in zip("ABCDEFGH", links, strict=True)
    }
    changed = deepcopy(schemas)
    for it in changed.values():
        it["properties"]["new"] = {"type": "string"}
    found = compare(returns(reference("A"), schemas), returns(reference("A"), changed))
    assert 1 <= len(found) <= len(schemas)
    assert not any(it.breaking for it in found)
