"""Reads the operations of an OpenAPI document."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.api_diff.documents import Document, Node

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
SCHEME = ("type", "scheme", "in", "name", "openIdConnectUrl")
"""What of a security scheme a client has to know."""


class Operation(NamedTuple):
    """An operation of a document, with what its path and the document give to it."""

    name: str
    document: Document
    content: dict[str, Node]
    path_parameters: list[str]

    def parameters(self) -> dict[tuple[str, str], dict[str, Node]]:
        """Return the parameters by place and name; those of the path by their number."""
        found = {}
        for node in self.content["parameters"]:
            it, *_ = self.document.resolve(node)
            place, name = it["in"], it["name"]
            if place == "path" and name in self.path_parameters:
                name = str(self.path_parameters.index(name))
            found[place, name.lower() if place == "header" else name] = it
        return found

    def security(self) -> list[set[str]]:
        """Return the ways to be admitted, each as what it needs; an empty one needs nothing."""
        schemes = self.document.content.get("components", {}).get("securitySchemes", {})
        ways = self.content.get("security", self.document.content.get("security")) or [{}]

        def needs(scheme: str, scopes: list[str]) -> Iterator[str]:
            node, *_ = self.document.resolve(schemes.get(scheme))
            known = " ".join(str(node[word]) for word in SCHEME if word in node) or scheme
            yield known
            yield from (f"{known} with the scope {scope}" for scope in scopes)

        return [{it for pair in way.items() for it in needs(*pair)} for way in ways]

    def response(self, status: str) -> Node:
        """Return the response of a status; an error without one of its own has the default."""
        found = self.content.get("responses", {})
        return found.get(status, found.get("default") if status[0] in "45" else None)


def operations(document: Document) -> dict[tuple[str, str], Operation]:
    """Return the operations by path and method; the names of the path's parameters do not count."""
    found = {}
    for path, item in document.content.get("paths", {}).items():
        names = re.findall(r"\{([^}]+)\}", path)
        for method in (it for it in METHODS if it in item):
            content = dict(item[method])
            shared, own = item.get("parameters", []), content.get("parameters", [])
            content["parameters"] = [*shared, *own]
            operation = Operation(f"{method.upper()} {path}", document, content, names)
            found[re.sub(r"\{[^}]+\}", "{}", path), method] = operation
    return found
