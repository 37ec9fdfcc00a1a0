"""Reads an OpenAPI document: follows references, and takes unions apart."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

    Node: TypeAlias = Any
    """A part of a document: what JSON can hold."""

ANNOTATIONS = {
    *("$comment", "$id", "$schema", "default", "deprecated", "description", "discriminator"),
    *("example", "examples", "externalDocs", "readOnly", "title", "writeOnly", "xml"),
}
"""Keywords that limit no value."""
TYPES = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
IMPLIED = {"properties": "object", "additionalProperties": "object", "items": "array"}
ANY = "anything"
ANYTHING: dict[str, Any] = {}
NOTHING: dict[str, Any] = {"not": {}}
"""What the schemas true and false say."""


class Alternative(NamedTuple):
    """A schema that is no union: one of those that a value can have."""

    type: str
    schema: dict[str, Node]
    name: str
    """Its name in the document; empty if it has none."""
    key: int
    """Identifies the part of the document that it is."""


class Document:
    """One OpenAPI document."""

    def __init__(self, content: dict[str, Node]) -> None:
        """Take what the JSON holds."""
        self.content = content

    def resolve(self, node: Node) -> tuple[dict[str, Node], str, int]:
        """Follow references; return the part, its name and its identity."""
        name, passed, beside = "", set[int](), dict[str, Any]()
        while isinstance(node, dict) and "$ref" in node and id(node) not in passed:
            passed.add(id(node))
            beside = {word: it for word, it in node.items() if word != "$ref"} | beside
            name = node["$ref"].rpartition("/")[2]
            node = self._find(node["$ref"])
        if not isinstance(node, dict):
            node = NOTHING if node is False else ANYTHING
        return ({**node, **beside} if beside else node), name, id(node)

    def alternatives(self, schema: Node, outer: tuple[int, ...] = ()) -> Iterator[Alternative]:
        """Yield the schemas of a union; one that is no union is its only alternative."""
        found, name, key = self.resolve(schema)
        if key in outer:
            return
        found = self._merge(found)
        branches = [*found.get("anyOf", ()), *found.get("oneOf", ())]
        if branches:
            beside = {word: it for word, it in found.items() if word not in {"anyOf", "oneOf"}}
            for branch in branches:
                for it in self.alternatives(branch, (*outer, key)):
                    yield it._replace(schema={**beside, **it.schema})
            return
        given = found.get("type") or implied_type(found)
        for each in [given] if isinstance(given, str) else given:
            yield Alternative(each, found, name, key)

    def _merge(self, schema: dict[str, Node], outer: tuple[int, ...] = ()) -> dict[str, Node]:
        """Join the parts of `allOf`: all their members, and of each limit that of the last."""
        resolved = [self.resolve(it) for it in schema.get("allOf", ())]
        parts = [self._merge(it, (*outer, key)) for it, _, key in resolved if key not in outer]
        if not parts:
            return schema
        merged: dict[str, Node] = {}
        for part in (*parts, {word: it for word, it in schema.items() if word != "allOf"}):
            properties = {**merged.get("properties", {}), **part.get("properties", {})}
            required = [*merged.get("required", ()), *part.get("required", ())]
            merged |= part | {"properties": properties, "required": required}
        return merged

    def _find(self, reference: str) -> Node:
        node: Node = self.content if reference.startswith("#/") else None
        for part in reference.split("/")[1:]:
            node = node.get(part.replace("~1", "/").replace("~0", "~"), {}) if node else {}
        return node


def implied_type(schema: dict[str, Node]) -> str:
    """Return the type of a schema that names none."""
    kinds = {type_of(it) for it in values(schema) or ()}
    kinds |= {kind for word, kind in IMPLIED.items() if word in schema}
    return kinds.pop() if len(kinds) == 1 else ANY


def type_of(value: Node) -> str:
    """Return the JSON type of a value."""
    number = "integer" if isinstance(value, int) else "number"
    return TYPES.get(type(value), number)


def values(schema: dict[str, Node]) -> list[Node] | None:
    """Return the only values that a schema has; None if it does not list them."""
    return [schema["const"]] if "const" in schema else schema.get("enum")


def written(value: Node) -> str:
    """Write a value as it stands in JSON."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
