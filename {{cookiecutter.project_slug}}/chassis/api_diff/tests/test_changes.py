"""Changes of an API with the verdict that is known: what is said, and whether it is breaking."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from typing import Any

import pytest

from chassis.api_diff.changes import compare
from chassis.api_diff.tests import changed_operations, changed_requests, changed_responses
from chassis.api_diff.tests.describing import api, members, reference, returns, takes

TEXT: dict[str, Any] = {"type": "string"}
BREAKING, FINE = True, False
TODAY = date(2027, 1, 31)
CHANGES = [
    *changed_operations.CHANGES,
    *changed_requests.CHANGES,
    *changed_responses.CHANGES,
]


@pytest.mark.parametrize("change", CHANGES, ids=[it[0] for it in CHANGES])
def test_a_change_has_its_words_and_its_verdict(change: tuple[Any, ...]) -> None:
    _, before, after, *expected = change
    found = compare(before, after, TODAY)
    assert {it.operation for it in found} <= {"POST /orders"}
    assert [f"{'BREAKING' if it.breaking else 'ok'}: {it.what}" for it in found] == expected


def moved(path: str, **operation: Any) -> dict[str, Any]:
    document = api(**operation)
    document["paths"] = {path: document["paths"]["/orders"]}
    return document


def path_parameter(name: str, **schema: Any) -> list[dict[str, Any]]:
    return [{"name": name, "in": "path", "required": True, "schema": {**TEXT, **schema}}]


def test_an_operation_that_is_removed_is_breaking_and_one_that_is_added_is_not() -> None:
    found = compare(api(), moved("/purchases"), TODAY)
    assert found == [
        ("POST /orders", "is removed", BREAKING),
        ("POST /purchases", "is added", FINE),
    ]


@pytest.mark.parametrize(
    ("sunset", "expected"),
    [
        ("2027-01-31", ("is removed, its sunset was 2027-01-31", FINE)),
        ("2027-02-01", ("is removed", BREAKING)),
    ],
)
def test_an_operation_may_be_removed_from_its_sunset_on(
    sunset: str, expected: tuple[str, bool]
) -> None:
    found = compare(api(None, deprecated=True, **{"x-sunset": sunset}), {"paths": {}}, TODAY)
    assert found == [("POST /orders", *expected)]


def test_a_parameter_of_the_path_may_have_another_name() -> None:
    before = moved("/orders/{id}", parameters=path_parameter("id"))
    after = moved("/orders/{order}", parameters=path_parameter("order", maxLength=9))
    assert compare(before, after, TODAY) == [
        (
            "POST /orders/{order}",
            "path parameter order: has the maxLength 9",
            BREAKING,
        )
    ]


def test_what_a_path_says_for_all_its_operations_counts_for_each() -> None:
    before, after = deepcopy(api()), deepcopy(api())
    shared = takes(required=True)["paths"]["/orders"]["post"]["parameters"]
    after["paths"]["/orders"]["parameters"] = shared
    assert compare(before, after, TODAY) == [
        ("POST /orders", "query parameter limit: is added, required", BREAKING)
    ]


def test_a_change_that_several_operations_share_is_told_for_each() -> None:
    before = returns(reference("Order"), {"Order": members(id=TEXT)})
    before["paths"]["/offers"] = before["paths"]["/orders"]
    after = deepcopy(before)
    del after["components"]["schemas"]["Order"]["properties"]["id"]
    assert [it.operation for it in compare(before, after, TODAY)] == [
        "POST /offers",
        "POST /orders",
    ]
