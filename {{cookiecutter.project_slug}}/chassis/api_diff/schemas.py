"""Compares two schemas: every change in words, and whom it breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chassis.api_diff.documents import ANY
from chassis.api_diff.rules import (
    BOTH,
    NEITHER,
    REQUESTS,
    RESPONSES,
    Finding,
    compare_limits,
    compare_rules,
    compare_values,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.api_diff.documents import Alternative, Document, Node


class Comparison:
    """Compares schemas of two documents, each pair once: they may be recursive."""

    def __init__(self, before: Document, after: Document) -> None:
        """Take the documents that the schemas are of."""
        self._before = before
        self._after = after
        self._known: set[tuple[int, str, int, str]] = set()

    def compare(self, before: Node, after: Node, place: str = "") -> Iterator[Finding]:
        """Yield the changes of a schema, and of all that it holds."""
        old, new = [*self._before.alternatives(before)], [*self._after.alternatives(after)]
        was_any, is_any = has(old, ANY), has(new, ANY)
        if has(old, "null") and not has(new, "null") and not is_any:
            yield Finding(place, "can no longer be null", REQUESTS)
        if has(new, "null") and not has(old, "null") and not was_any:
            yield Finding(place, "can be null", RESPONSES)
        old, new = ([it for it in those if it.type != "null"] for those in (old, new))
        is_union = len(old) > 1 or len(new) > 1
        for one, other in pair(old, new):
            yield from self._compare_alternatives(one, other, place)
        if old and new and not is_union:
            breaks = RESPONSES if is_any else REQUESTS if was_any else BOTH
            yield Finding(place, f"is {words(new[0])} instead of {words(old[0])}", breaks)
            return
        if not is_any:
            yield from (Finding(place, f"can no longer be {words(it)}", REQUESTS) for it in old)
        if not was_any:
            yield from (Finding(place, f"can also be {words(it)}", RESPONSES) for it in new)

    def _compare_alternatives(
        self, one: Alternative, other: Alternative, place: str
    ) -> Iterator[Finding]:
        key = (one.key, one.type, other.key, other.type)
        if key in self._known:
            return
        self._known.add(key)
        if one.type != other.type:
            breaks = RESPONSES if other.type == "number" else REQUESTS
            yield Finding(place, f"is {other.type} instead of {one.type}", breaks)
        before, after = one.schema, other.schema
        yield from compare_values(before, after, place)
        yield from compare_limits(before, after, place)
        yield from compare_rules(before, after, place)
        if one.type == "object":
            yield from self._compare_members(before, after, place)
        if one.type == "array":
            yield from self.compare(before.get("items", {}), after.get("items", {}), f"{place}[]")

    def _compare_members(
        self, before: dict[str, Node], after: dict[str, Node], place: str
    ) -> Iterator[Finding]:
        old, new = before.get("properties", {}), after.get("properties", {})
        was_required, is_required = set(before.get("required", ())), set(after.get("required", ()))
        for name in [*old, *(it for it in new if it not in old)]:
            inside = f"{place}.{name}" if place else name
            if name not in new:
                yield Finding(inside, "is removed", BOTH)
            elif name not in old:
                required = name in is_required
                what = "is added, required" if required else "is added"
                yield Finding(inside, what, REQUESTS if required else NEITHER)
            else:
                if name in is_required - was_required:
                    yield Finding(inside, "is now required", REQUESTS)
                if name in was_required - is_required:
                    yield Finding(inside, "is no longer required", RESPONSES)
                yield from self.compare(old[name], new[name], inside)
        yield from self._compare_further(
            before.get("additionalProperties", True), after.get("additionalProperties", True), place
        )

    def _compare_further(self, before: Node, after: Node, place: str) -> Iterator[Finding]:
        """Compare what members may be that the schema does not name."""
        if after is False and before is not False:
            breaks = BOTH if isinstance(before, dict) and before else REQUESTS
            yield Finding(place, "can no longer have members that are not listed", breaks)
        elif before is False and after is not False:
            yield Finding(place, "can have members that are not listed", NEITHER)
        else:
            yield from self.compare(before, after, f"{place}.*" if place else "*")


def has(those: list[Alternative], kind: str) -> bool:
    """Say whether one of the alternatives has a type."""
    return any(it.type == kind for it in those)


def words(it: Alternative) -> str:
    """Name an alternative: as the document does, or by its type."""
    return it.name or it.type


def pair(
    old: list[Alternative], new: list[Alternative]
) -> Iterator[tuple[Alternative, Alternative]]:
    """Take out of both lists what belongs together: by content, name or type."""
    for same in (
        lambda one, other: one.schema == other.schema and one.type == other.type,
        lambda one, other: one.name == other.name != "" and one.type == other.type,
        lambda one, other: one.type == other.type,
        lambda one, other: {one.type, other.type} == {"integer", "number"},
    ):
        for one in [*old]:
            found = next((it for it in new if same(one, it)), None)
            if found is not None:
                old.remove(one)
                new.remove(found)
                yield one, found
