"""Changes of what is returned: what each is called, before, after, and what is said of it."""

from __future__ import annotations

from typing import Any

from chassis.api_diff.tests.describing import answer, api, members, other, reference, returns

TEXT: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "integer"}
NULL: dict[str, Any] = {"type": "null"}
CHANGES: list[tuple[Any, ...]] = [
    (
        "a member is returned",
        returns(members(name=TEXT)),
        returns(members("note", name=TEXT, note=TEXT)),
        "ok: response 200, note: is added, required",
    ),
    (
        "a member is no longer returned",
        returns(members("note", name=TEXT, note=TEXT)),
        returns(members(name=TEXT)),
        "BREAKING: response 200, note: is removed",
    ),
    (
        "a member may be missing",
        returns(members("name", name=TEXT)),
        returns(members(name=TEXT)),
        "BREAKING: response 200, name: is no longer required",
    ),
    (
        "a member is always there",
        returns(members(name=TEXT)),
        returns(members("name", name=TEXT)),
        "ok: response 200, name: is now required",
    ),
    (
        "a member may be null",
        returns(members(name=TEXT)),
        returns(members(name={"anyOf": [TEXT, NULL]})),
        "BREAKING: response 200, name: can also be null",
    ),
    (
        "a member is never null",
        returns(members(name={"anyOf": [TEXT, NULL]})),
        returns(members(name=TEXT)),
        "ok: response 200, name: can no longer be null",
    ),
    (
        "a value is returned that clients do not know",
        returns(other(TEXT, enum=["open", "paid"])),
        returns(other(TEXT, enum=["open", "paid", "lost"])),
        'BREAKING: response 200: can also be "lost"',
    ),
    (
        "longer texts are returned",
        returns(other(TEXT, maxLength=50)),
        returns(other(TEXT, maxLength=100)),
        "BREAKING: response 200: has the maxLength 100 instead of 50",
    ),
    (
        "shorter texts are returned",
        returns(TEXT),
        returns(other(TEXT, maxLength=50)),
        "ok: response 200: has the maxLength 50",
    ),
    (
        "a date is no longer one",
        returns(other(TEXT, format="date")),
        returns(TEXT),
        'BREAKING: response 200: no longer has the format "date"',
    ),
    (
        "a list is returned where there was one",
        returns(members(name=TEXT)),
        returns({"type": "array", "items": members(name=TEXT)}),
        "ok: response 200: can no longer be object",
        "BREAKING: response 200: can also be array",
    ),
    (
        "another kind of thing is returned",
        returns(reference("Order"), {"Order": members(id=NUMBER)}),
        returns(
            {"oneOf": [reference("Order"), reference("Offer")]},
            {"Order": members(id=NUMBER), "Offer": members(id=TEXT)},
        ),
        "BREAKING: response 200: can also be Offer",
    ),
    (
        "a model has another name and loses a member",
        returns(reference("Order"), {"Order": members(id=NUMBER, name=TEXT)}),
        returns(reference("Purchase"), {"Purchase": members(id=NUMBER)}),
        "BREAKING: response 200, name: is removed",
    ),
    (
        "values of a map have another type",
        returns({"type": "object", "additionalProperties": TEXT}),
        returns({"type": "object", "additionalProperties": NUMBER}),
        "ok: response 200, *: can no longer be string",
        "BREAKING: response 200, *: can also be integer",
    ),
    (
        "a part of allOf loses a member",
        returns({"allOf": [reference("Order")]}, {"Order": members(id=NUMBER, name=TEXT)}),
        returns({"allOf": [reference("Order")]}, {"Order": members(id=NUMBER)}),
        "BREAKING: response 200, name: is removed",
    ),
    (
        "a member that is recursive changes",
        returns(reference("Tree"), {"Tree": members(name=TEXT, below=reference("Tree"))}),
        returns(reference("Tree"), {"Tree": members(below=reference("Tree"))}),
        "BREAKING: response 200, name: is removed",
    ),
    (
        "a success has another status",
        api(),
        api(responses={"201": {}}),
        "BREAKING: response 200: is removed",
        "ok: response 201: is added",
    ),
    (
        "an error status is added",
        api(),
        api(responses={"200": {}, "409": {}}),
        "ok: response 409: is added",
    ),
    (
        "an error has another body than all had",
        api(responses={"default": answer(members(title=TEXT))}),
        api(responses={"default": answer(members(title=TEXT)), "409": answer(members(order=TEXT))}),
        "BREAKING: response 409, title: is removed",
        "ok: response 409, order: is added",
    ),
    (
        "a header is no longer returned",
        api(responses={"200": {"headers": {"ETag": {"schema": TEXT, "required": True}}}}),
        api(responses={"200": {"headers": {"Location": {"schema": TEXT}}}}),
        "BREAKING: response 200, header etag: is removed",
        "ok: response 200, header location: is added",
    ),
    (
        "a header may be missing",
        api(responses={"200": {"headers": {"ETag": {"schema": TEXT, "required": True}}}}),
        api(responses={"200": {"headers": {"etag": {"schema": TEXT}}}}),
        "BREAKING: response 200, header etag: is no longer required",
    ),
]
