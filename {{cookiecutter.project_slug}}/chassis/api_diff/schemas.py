"""Compares schemas: accepting less breaks requests, returning more breaks responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from chassis.api_diff.documents import pair, written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.api_diff.documents import Document, Node

    Findings: TypeAlias = Iterator[tuple[str, str]]
    """Changes in words, each with the directions in which it breaks clients."""

REQUEST, RESPONSE, BOTH, NEITHER = "request", "response", "request, response", ""
JSON = "application/json"
ANNOTATIONS = {
    *("default", "deprecated", "description", "discriminator", "example", "examples", "title"),
    *("readOnly", "writeOnly"),
}
"""Keywords that do not restrict values."""
WALKED = {"type", "enum", "const", "items", "properties", "required", "additionalProperties"}
"""Keywords that are compared part by part."""
TIGHTER = {
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), 1),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), -1),
}
"""Direction in which a limit becomes tighter; other keywords are only equal or not."""
FORMS = {"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"}
FORMS |= {exclusive: word for word, exclusive in FORMS.items()}
"""The other form of a limit, which excludes its value or does not."""


class Comparison:
    """Compares schemas of two documents, each pair once: they may be recursive."""

    def __init__(self, before: Document, after: Document) -> None:
        """Take the documents that the schemas are of."""
        self._before = before
        self._after = after
        self._known: set[tuple[str | int, ...]] = set()

    def compare(self, before: Node, after: Node, place: str) -> Findings:
        """Yield the changes of a schema, and of all that it contains."""
        old, new = self._before.alternatives(before), self._after.alternatives(after)
        was_any, is_any = (
            any(it.schema.keys() <= ANNOTATIONS for it in those) for those in (old, new)
        )
        for one, other in pair(old, new):
            key = (one.key, one.type, other.key, other.type)
            if key not in self._known:
                self._known.add(key)
                if one.type != other.type:
                    breaks = RESPONSE if other.type == "number" else REQUEST
                    yield f"{place}: is {other.type} instead of {one.type}", breaks
                yield from self._compare_alternatives(one.schema, other.schema, place)
        for it in [] if is_any else old:
            yield f"{place}: can no longer be {it.name or it.type}", REQUEST
        for it in [] if was_any else new:
            yield f"{place}: can also be {it.name or it.type}", RESPONSE

    def _compare_alternatives(
        self, before: dict[str, Node], after: dict[str, Node], place: str
    ) -> Findings:
        yield from compare_keywords(before, after, place)
        yield from compare_values(before, after, place)
        yield from self._compare_properties(before, after, place)
        for old, new in zip(before.get("allOf", ()), after.get("allOf", ()), strict=False):
            yield from self.compare(old, new, place)
        yield from self.compare(before.get("items", True), after.get("items", True), f"{place}[]")
        was, now = (it.get("additionalProperties", True) for it in (before, after))
        if was is not False and now is not False:
            yield from self.compare(was, now, within(place, "*"))
        elif was is not False:
            breaks = BOTH if was not in (True, {}) else REQUEST
            yield f"{place}: can no longer have members that are not listed", breaks
        elif now is not False:
            yield f"{place}: can have members that are not listed", NEITHER

    def _compare_properties(
        self, before: dict[str, Node], after: dict[str, Node], place: str
    ) -> Findings:
        old, new = before.get("properties", {}), after.get("properties", {})
        for name in {**old, **new}:
            inside = within(place, name)
            was, now = (name in it.get("required", ()) for it in (before, after))
            if name not in new:
                yield f"{inside}: is removed", BOTH
            elif name not in old:
                what = "is added, required" if now else "is added"
                yield f"{inside}: {what}", REQUEST if now else NEITHER
            else:
                if was != now:
                    what = "is now required" if now else "is no longer required"
                    yield f"{inside}: {what}", REQUEST if now else RESPONSE
                yield from self.compare(old[name], new[name], place if name == JSON else inside)


def compare_keywords(before: dict[str, Node], after: dict[str, Node], place: str) -> Findings:
    """Compare limits, formats, patterns and unknown keywords."""
    for word in sorted((before.keys() | after.keys()) - WALKED - ANNOTATIONS):
        old, new = before.get(word), after.get(word)
        if old == new or word.startswith("x-"):
            continue
        if old is None:
            breaks = NEITHER if implies(before, word, new) else REQUEST
            yield f"{place}: has the {word} {written(new)}", breaks
        elif new is None:
            breaks = NEITHER if implies(after, word, old) else RESPONSE
            yield f"{place}: no longer has the {word} {written(old)}", breaks
        else:
            breaks = BOTH
            if word in TIGHTER:
                breaks = REQUEST if (new - old) * TIGHTER[word] > 0 else RESPONSE
            yield f"{place}: has the {word} {written(new)} instead of {written(old)}", breaks


def implies(schema: dict[str, Node], word: str, value: Node) -> bool:
    """Return whether a schema has the other form of a limit, and that is as tight."""
    its = schema.get(FORMS.get(word, ""))
    if its is None:
        return False
    spare = (its - value) * TIGHTER[word]
    if word.startswith("exclusive"):
        return bool(spare > 0)
    return bool(spare >= (-1 if schema.get("type") == "integer" else 0))  # > 0 is >= 1


def compare_values(before: dict[str, Node], after: dict[str, Node], place: str) -> Findings:
    """Compare the values that are listed, by enum or const."""
    given = ([it["const"]] if "const" in it else it.get("enum", ()) for it in (before, after))
    old, new = ([*map(written, them)] for them in given)
    if new and not old:
        yield f"{place}: must be one of {', '.join(new)}", REQUEST
    elif old and not new:
        yield f"{place}: can be other than {', '.join(old)}", RESPONSE
    else:
        yield from ((f"{place}: can no longer be {it}", REQUEST) for it in old if it not in new)
        yield from ((f"{place}: can also be {it}", RESPONSE) for it in new if it not in old)


def within(place: str, name: str) -> str:
    """Return the place of a member, such as `response 200, notes[].title`."""
    return f"{place}{'.' if ', ' in place else ', '}{name}" if place else name
