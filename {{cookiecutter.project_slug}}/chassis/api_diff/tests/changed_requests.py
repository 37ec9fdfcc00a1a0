"""Changes of what is sent: what each is called, before, after, and what is said of it."""

from __future__ import annotations

from typing import Any

from chassis.api_diff.tests.describing import api, members, other, sends, takes

TEXT: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "integer"}
NULL: dict[str, Any] = {"type": "null"}
NAMES: dict[str, Any] = {"type": "array", "items": TEXT}
CHANGES: list[tuple[Any, ...]] = [
    ("nothing", sends(members(name=TEXT)), sends(members(name=TEXT))),
    (
        "only words",
        sends(other(TEXT, title="A", description="b", examples=["c"])),
        sends(other(TEXT, title="B", description="c")),
    ),
    ("an optional parameter is added", api(), takes(), "ok: query parameter limit: is added"),
    (
        "a required parameter is added",
        api(),
        takes(required=True),
        "BREAKING: query parameter limit: is added, required",
    ),
    ("a parameter is removed", takes(), api(), "BREAKING: query parameter limit: is removed"),
    (
        "a parameter becomes required",
        takes(),
        takes(required=True),
        "BREAKING: query parameter limit: is now required",
    ),
    (
        "a parameter becomes optional",
        takes(required=True),
        takes(),
        "ok: query parameter limit: is no longer required",
    ),
    (
        "a parameter moves",
        takes(),
        takes(**{"in": "header"}),
        "BREAKING: query parameter limit: is removed",
        "ok: header parameter limit: is added",
    ),
    (
        "the case of a header's name is none",
        takes(**{"in": "header", "name": "If-Match"}),
        takes(**{"in": "header", "name": "if-match"}),
    ),
    (
        "a parameter has another type",
        takes(),
        takes(schema={"type": "boolean"}),
        "BREAKING: query parameter limit: can no longer be integer",
        "ok: query parameter limit: can also be boolean",
    ),
    (
        "a parameter accepts fractions",
        takes(),
        takes(schema={"type": "number"}),
        "ok: query parameter limit: is number instead of integer",
    ),
    (
        "a parameter accepts no fractions",
        takes(schema={"type": "number"}),
        takes(),
        "BREAKING: query parameter limit: is integer instead of number",
    ),
    (
        "a limit is set",
        takes(),
        takes(schema=other(NUMBER, maximum=100)),
        "BREAKING: query parameter limit: has the maximum 100",
    ),
    (
        "a limit is tightened",
        takes(schema=other(NUMBER, maximum=100)),
        takes(schema=other(NUMBER, maximum=50)),
        "BREAKING: query parameter limit: has the maximum 50 instead of 100",
    ),
    (
        "a limit is loosened",
        takes(schema=other(NUMBER, maximum=50)),
        takes(schema=other(NUMBER, maximum=100)),
        "ok: query parameter limit: has the maximum 100 instead of 50",
    ),
    (
        "a limit of numbers no longer excludes its value",
        takes(schema={"type": "number", "exclusiveMinimum": 0}),
        takes(schema={"type": "number", "minimum": 0}),
        "ok: query parameter limit: no longer has the exclusiveMinimum 0",
        "ok: query parameter limit: has the minimum 0",
    ),
    (
        "a limit of numbers excludes its value",
        takes(schema={"type": "number", "maximum": 9}),
        takes(schema={"type": "number", "exclusiveMaximum": 9}),
        "BREAKING: query parameter limit: has the exclusiveMaximum 9",
        "ok: query parameter limit: no longer has the maximum 9",
    ),
    (
        "a limit is said in another way",
        takes(schema=other(NUMBER, exclusiveMinimum=0)),
        takes(schema=other(NUMBER, minimum=1)),
        "ok: query parameter limit: no longer has the exclusiveMinimum 0",
        "ok: query parameter limit: has the minimum 1",
    ),
    (
        "an optional member is sent",
        sends(members(name=TEXT)),
        sends(members(name=TEXT, note=TEXT)),
        "ok: request body, note: is added",
    ),
    (
        "a required member is sent",
        sends(members(name=TEXT)),
        sends(members("note", name=TEXT, note=TEXT)),
        "BREAKING: request body, note: is added, required",
    ),
    (
        "a member is no longer read",
        sends(members(name=TEXT, note=TEXT)),
        sends(members(name=TEXT)),
        "BREAKING: request body, note: is removed",
    ),
    (
        "a member has to be sent",
        sends(members(name=TEXT)),
        sends(members("name", name=TEXT)),
        "BREAKING: request body, name: is now required",
    ),
    (
        "a member need not be sent",
        sends(members("name", name=TEXT)),
        sends(members(name=TEXT)),
        "ok: request body, name: is no longer required",
    ),
    (
        "unknown members are refused",
        sends(members(name=TEXT)),
        sends(members(name=TEXT, further=False)),
        "BREAKING: request body: can no longer have members that are not listed",
    ),
    (
        "texts in a list are shorter",
        sends(members(names=other(NAMES, items=other(TEXT, maxLength=9)))),
        sends(members(names=other(NAMES, items=other(TEXT, maxLength=5)))),
        "BREAKING: request body, names[]: has the maxLength 5 instead of 9",
    ),
    (
        "a pattern is set",
        sends(TEXT),
        sends(other(TEXT, pattern="^a$")),
        'BREAKING: request body: has the pattern "^a$"',
    ),
    (
        "a format is replaced",
        sends(other(TEXT, format="date")),
        sends(other(TEXT, format="date-time")),
        'BREAKING: request body: has the format "date-time" instead of "date"',
    ),
    (
        "a value is accepted, another is not",
        sends(other(TEXT, enum=["a", "b"])),
        sends(other(TEXT, enum=["b", "c"])),
        'BREAKING: request body: can no longer be "a"',
        'ok: request body: can also be "c"',
    ),
    (
        "null is accepted",
        sends(members(name=TEXT)),
        sends(members(name={"anyOf": [TEXT, NULL]})),
        "ok: request body, name: can also be null",
    ),
    (
        "null is refused",
        sends(members(name={"type": ["string", "null"]})),
        sends(members(name=TEXT)),
        "BREAKING: request body, name: can no longer be null",
    ),
    (
        "one of several types is refused",
        sends({"anyOf": [TEXT, NUMBER]}),
        sends({"oneOf": [NUMBER, {"type": "boolean"}]}),
        "BREAKING: request body: can no longer be string",
        "ok: request body: can also be boolean",
    ),
    (
        "a schema without a type limits too",
        sends(NUMBER),
        sends({"enum": [1]}),
        "BREAKING: request body: can no longer be integer",
        "ok: request body: can also be anything",
    ),
    (
        "the body has to be sent",
        sends(TEXT, required=False),
        sends(TEXT),
        "BREAKING: request body: is now required",
    ),
    ("a body is read", api(), sends(TEXT), "BREAKING: request body: is added, required"),
    ("no body is read", sends(TEXT), api(), "BREAKING: request body: is removed"),
    (
        "another media type is read",
        sends(TEXT),
        sends(TEXT, content={"text/csv": {}}),
        "BREAKING: request body, application/json: is removed",
        "ok: request body, text/csv: is added",
    ),
]
