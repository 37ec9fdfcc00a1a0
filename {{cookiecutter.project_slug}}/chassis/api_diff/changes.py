"""Compares two OpenAPI documents, operation by operation."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from chassis.api_diff.documents import Document, written
from chassis.api_diff.schemas import REQUEST, RESPONSE, Comparison

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.api_diff.documents import Node

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
SCHEME = ("type", "scheme", "in", "name", "openIdConnectUrl")
"""Parts of a security scheme that clients depend on."""
ERROR_REMOVED = re.compile(r"response [45]..: is removed")
VARIABLE = re.compile(r"\{([^}]+)\}")


class Change(NamedTuple):
    """One change of an operation."""

    operation: str
    """Such as `GET /orders/{id}`."""
    what: str
    breaking: bool


class Operation(NamedTuple):
    """One operation; its request and its response are a schema each."""

    name: str
    document: Document
    content: dict[str, Node]

    def request(self, renamed: dict[str, str]) -> Node:
        """Return the schema of the request; path parameters may be renamed."""
        sent = {}
        for it in map(self.document.resolve, self.content["parameters"]):
            name = it["name"].lower() if it["in"] == "header" else it["name"]
            name = renamed.get(name, name) if it["in"] == "path" else name
            sent[f"{it['in']} parameter {name}"] = it
        if body := self.content.get("requestBody"):
            sent["request body"] = body
        return self.document.describe(sent)

    def response(self, statuses: list[str]) -> Node:
        """Return the schema of the responses; an error without its own response has the default."""
        own = self.content.get("responses", {})
        errors = {it: own["default"] for it in statuses if it[0] in "45" and "default" in own}
        returned = (errors | own).items()
        return self.document.describe({f"response {status}": it for status, it in returned})

    def security(self) -> list[set[str]]:
        """Return the alternative requirements; an empty one requires nothing."""
        document = self.document.content
        schemes = document.get("components", {}).get("securitySchemes", {})
        ways: list[set[str]] = []
        for way in self.content.get("security", document.get("security")) or [{}]:
            ways.append(set())
            for scheme, scopes in way.items():
                known = " ".join(schemes[scheme][it] for it in SCHEME if it in schemes[scheme])
                ways[-1] |= {known, *(f"{known} with the scope {it}" for it in scopes)}
        return ways


def operations(document: Document) -> dict[tuple[str, str], Operation]:
    """Return the operations by path and method; names of path parameters do not matter."""
    found = {}
    for path, item in document.content.get("paths", {}).items():
        for method in METHODS & item.keys():
            parameters = [*item.get("parameters", ()), *item[method].get("parameters", ())]
            content = {**item[method], "parameters": parameters}
            operation = Operation(f"{method.upper()} {path}", document, content)
            found[VARIABLE.sub("{}", path), method] = operation
    return found


def compare(before: Node, after: Node, today: date = date.min) -> list[Change]:
    """Return every change of the API by operation; removal is fine from the sunset date on."""
    old, new = operations(Document(before)), operations(Document(after))
    found = []
    for key in sorted(old.keys() | new.keys()):
        if key not in old:
            found.append(Change(new[key].name, "is added", breaking=False))
        elif key in new:
            found += [Change(new[key].name, *it) for it in changes(old[key], new[key])]
        else:
            sunset = date.fromisoformat(old[key].content.get("x-sunset", "9999-12-31"))
            what = f"is removed, its sunset was {sunset}" if sunset <= today else "is removed"
            found.append(Change(old[key].name, what, breaking=sunset > today))
    return found


def changes(old: Operation, new: Operation) -> Iterator[tuple[str, bool]]:
    """Yield the changes of one operation, and whether they are breaking."""
    was, now = (written(it.content.get("operationId")) for it in (old, new))
    if was != now:
        yield f"operationId is {now} instead of {was}: generated clients rename it", False
    was, now = (it.content.get("deprecated", False) for it in (old, new))
    if was != now:
        yield "is deprecated" if now else "is no longer deprecated", False
    before, after = old.security(), new.security()
    if not all(any(way <= it for way in after) for it in before):
        needed = " or ".join(" and ".join(sorted(it)) or "nothing" for it in after)
        yield f"security: needs {needed}", True
    elif before != after:
        yield "security: admits more than before", False
    renamed = dict(zip(VARIABLE.findall(old.name), VARIABLE.findall(new.name), strict=True))
    sent = (old.request(renamed), new.request({}))
    statuses = [*old.content.get("responses", {}), *new.content.get("responses", {})]
    returned = (old.response(statuses), new.response(statuses))
    for direction, both in ((REQUEST, sent), (RESPONSE, returned)):
        found = Comparison(old.document, new.document).compare(*both, "")
        for what, breaks in dict.fromkeys(found):
            yield what, direction in breaks and not ERROR_REMOVED.fullmatch(what)
