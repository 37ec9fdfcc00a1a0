"""Reads the schemas of an OpenAPI document: follows references, and splits unions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

    Node: TypeAlias = Any
    """A part of a document: what JSON can hold."""

ANY = "anything"
"""The type of a schema without one."""


class Alternative(NamedTuple):
    """A schema that is not a union: one of the alternatives for a value."""

    type: str
    name: str
    """Its name in the document, or empty."""
    schema: dict[str, Node]
    key: str | int
    """Identifies its part of the document."""


class Document(NamedTuple):
    """One OpenAPI document."""

    content: dict[str, Node]

    def resolve(self, node: Node) -> dict[str, Node]:
        """Return a part, with its reference resolved."""
        if not isinstance(node, dict):
            return {"not": {}} if node is False else {}
        if "$ref" not in node:
            return node
        target: Node = self.content
        for step in node["$ref"].split("/")[1:]:
            target = target[step]
        return self.resolve(target) | {word: it for word, it in node.items() if word != "$ref"}

    def alternatives(self, node: Node) -> list[Alternative]:
        """Return the schemas of a union; another schema is its own only alternative."""
        schema = self.resolve(node)
        if branches := [*schema.get("anyOf", ()), *schema.get("oneOf", ())]:
            beside = {word: it for word, it in schema.items() if word not in {"anyOf", "oneOf"}}
            found = [it for branch in branches for it in self.alternatives(branch)]
            return [it._replace(schema={**beside, **it.schema}) for it in found]
        types = schema.get("type", ANY)
        reference = node.get("$ref", "") if isinstance(node, dict) else ""
        rest = (reference.rpartition("/")[2], schema, reference or id(node))
        return [Alternative(it, *rest) for it in ([types] if isinstance(types, str) else types)]

    def describe(self, parts: dict[str, Node]) -> dict[str, Node]:
        """Return parameters, bodies or responses, by name, as the schema of an object."""
        properties, required = {}, []
        for name, node in parts.items():
            part = self.resolve(node)
            headers = {f"header {it.lower()}": its for it, its in part.get("headers", {}).items()}
            inner = {**part.get("content", {}), **headers}
            properties[name] = self.describe(inner) if inner else part.get("schema", True)
            required += [name] if part.get("required") else []
        return {"type": "object", "properties": properties, "required": required}


def written(value: Node) -> str:
    """Format a value as in JSON."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def pair(
    old: list[Alternative], new: list[Alternative]
) -> Iterator[tuple[Alternative, Alternative]]:
    """Remove matching alternatives from both lists: by content, name or type."""
    for same in (
        lambda it: (it.type, it.schema),
        lambda it: (it.type, it.name),
        lambda it: it.type,
        lambda it: it.type.replace("integer", "number"),
    ):
        for one in [*old]:
            for other in [it for it in new if same(it) == same(one)][:1]:
                old.remove(one)
                new.remove(other)
                yield one, other
