"""Compares what goes in and out of one operation: parameters, bodies, headers, security."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chassis.api_diff.schemas import Comparison

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.api_diff.documents import Node
    from chassis.api_diff.operations import Operation


def compare_security(old: Operation, new: Operation) -> Iterator[tuple[str, bool]]:
    """Whoever was admitted must still be."""
    before, after = old.security(), new.security()
    if any(not any(way <= it for way in after) for it in before):
        needed = " or ".join(" and ".join(sorted(it)) or "nothing" for it in after)
        yield f"security: needs {needed}", True
    elif any(not any(way <= it for way in before) for it in after) or len(before) != len(after):
        yield "security: admits more than before", False


def compare_parameters(old: Operation, new: Operation) -> Iterator[tuple[str, bool]]:
    """Compare what is sent beside the body."""
    before, after = old.parameters(), new.parameters()
    for key in [*before, *(it for it in after if it not in before)]:
        one, other = before.get(key, {}), after.get(key, {})
        name = f"{key[0]} parameter {(other or one)['name']}"
        required, was_required = other.get("required", False), one.get("required", False)
        if not other:
            yield f"{name} is removed", True
        elif not one:
            yield f"{name} is added{', required' if required else ''}", required
        else:
            if required != was_required:
                yield f"{name} is {'now' if required else 'no longer'} required", required
            yield from of_schemas(name, "request", old, new, (carried(one), carried(other)))


def compare_bodies(old: Operation, new: Operation) -> Iterator[tuple[str, bool]]:
    """Compare what is sent as the body."""
    before, *_ = old.document.resolve(old.content.get("requestBody"))
    after, *_ = new.document.resolve(new.content.get("requestBody"))
    required = after.get("required", False)
    if not after:
        yield from [("request body is removed", True)] if before else []
    elif not before:
        yield f"request body is added{', required' if required else ''}", required
    else:
        if required != before.get("required", False):
            yield f"request body is {'now' if required else 'no longer'} required", required
        yield from compare_content("request body", "request", old, new, (before, after))


def compare_responses(old: Operation, new: Operation) -> Iterator[tuple[str, bool]]:
    """Compare what is returned; a client that knows a success is broken when it is gone."""
    before, after = old.content.get("responses", {}), new.content.get("responses", {})
    for status in [*before, *(it for it in after if it not in before)]:
        name = f"response {status}"
        if status not in after:
            yield f"{name} is removed", status[0] not in "45"
        elif status not in before:
            yield f"{name} is added", False
        one, *_ = old.document.resolve(old.response(status))
        other, *_ = new.document.resolve(new.response(status))
        if one and other:
            yield from compare_content(name, "response", old, new, (one, other))
            yield from compare_headers(name, old, new, (one, other))


def compare_headers(
    name: str, old: Operation, new: Operation, both: tuple[Node, Node]
) -> Iterator[tuple[str, bool]]:
    """Compare the headers of a response."""
    before, after = ({it.lower(): it for it in node.get("headers", {})} for node in both)
    for key in [*before, *(it for it in after if it not in before)]:
        title = f"{name}, header {after.get(key) or before[key]}"
        if key not in after or key not in before:
            is_gone = key not in after
            yield f"{title} is {'removed' if is_gone else 'added'}", is_gone
            continue
        one, *_ = old.document.resolve(both[0]["headers"][before[key]])
        other, *_ = new.document.resolve(both[1]["headers"][after[key]])
        if (required := other.get("required", False)) != one.get("required", False):
            yield f"{title} is {'now' if required else 'no longer'} required", not required
        yield from of_schemas(title, "response", old, new, (carried(one), carried(other)))


def compare_content(
    name: str, direction: str, old: Operation, new: Operation, both: tuple[Node, Node]
) -> Iterator[tuple[str, bool]]:
    """Compare the media types of a body, and their schemas."""
    before, after = (node.get("content", {}) for node in both)
    for kind in [*before, *(it for it in after if it not in before)]:
        if kind not in after:
            yield f"{name}: {kind} is removed", True
        elif kind not in before:
            yield f"{name}: {kind} is added", False
        else:
            schemas = (before[kind].get("schema", {}), after[kind].get("schema", {}))
            yield from of_schemas(name, direction, old, new, schemas)


def of_schemas(
    name: str, direction: str, old: Operation, new: Operation, both: tuple[Node, Node]
) -> Iterator[tuple[str, bool]]:
    """Compare two schemas, in the direction in which they travel."""
    for it in Comparison(old.document, new.document).compare(*both):
        yield f"{name}{', ' if it.place else ''}{it.place}: {it.what}", direction in it.breaks


def carried(parameter: Node) -> Node:
    """Return the schema of a parameter or header."""
    contents = list(parameter.get("content", {}).values())
    return contents[0].get("schema", {}) if contents else parameter.get("schema", {})
