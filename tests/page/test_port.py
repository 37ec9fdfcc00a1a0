"""The port of the carving makes of every answer what the hooks make of it."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slugify import slugify

from literal_answers import YES_OR_NO, resolve
from page.data import read_template
from pre_gen_project import problems
from tests.pairwise import CHOICES, pairwise, seed
from tests.template import MANIFEST, QUESTIONS, answer, carve, files
from tests.test_answers import LINES, PIECES, anything
from tests.variants import COMBINATIONS, PRIVATE, Tree

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.page.conftest import Port

DEFAULTS = answer()
TEXTS = [name for name in QUESTIONS if isinstance(MANIFEST[name], str)]
NAMES = [it.replace("_", "-") for it in read_template()["taken"]]
OFTEN = settings(
    max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
near_slugs = st.text("abz019-_A", max_size=45)
slugs = st.one_of(anything, near_slugs, st.sampled_from(NAMES))
owners = st.one_of(anything, st.text("ab1._-/A", max_size=140))
emails = st.one_of(anything, st.text("ab.@%-_é", max_size=12), st.just(f"{'a' * 260}@b.c"))
yes_or_no = st.one_of(st.booleans(), st.sampled_from([*YES_OR_NO, "YES", "No", "maybe"]), anything)
DRAWN: dict[str, st.SearchStrategy[Any]] = {
    name: st.sampled_from([*MANIFEST[name], "none", "x'\""])
    if isinstance(MANIFEST[name], list)
    else yes_or_no
    if isinstance(MANIFEST[name], bool)
    else {"project_slug": slugs, "image_owner": owners, "email": emails}.get(name, anything)
    for name in QUESTIONS
}


def settled(said: dict[str, Any]) -> dict[str, Any]:
    """What the template makes of answers before it carves, and what its hook refuses."""
    slug = slugify(said.get("project_name", MANIFEST["project_name"]))
    answers = resolve({**DEFAULTS, "project_slug": slug, **said})
    return {
        "answers": {name: answers[name] for name in QUESTIONS},
        "resolved": answers.get("_resolved", []),
        "refusals": list(problems(answers)),
    }


def same_service(port: Port, folder: Path, said: dict[str, Any]) -> None:
    """Carve with the hook and with the port, and compare every byte and mode."""
    made = files(carve(folder, **said))
    expected = {
        name: [
            sha256(path.read_bytes()).hexdigest(),
            0o755 if path.stat().st_mode & 0o100 else 0o644,
        ]
        for name, path in made.items()
    }
    assert port.ask("make", port.ask("settle", said)["answers"]) == expected


def test_every_file_is_the_same_in_every_combination_of_answers(port: Port) -> None:
    offered = [
        (place, "".join(str(CHOICES[name].index(one[name])) for name in CHOICES))
        for place, one in enumerate(COMBINATIONS.all)
        if not any(one[name] for name in PRIVATE)
    ]
    asked = {"choices": CHOICES, "combinations": offered, "answers": answer()}
    found = {name: int(bits, 16) for name, bits in port.ask("every", asked).items()}
    public = sum(1 << place for place, _ in offered)
    expected: dict[str, int] = {}
    for path, text, where in Tree.load().variants:
        if where & public:
            name = f"{path} {sha256(text.encode()).hexdigest()}"
            expected[name] = expected.get(name, 0) | where & public
    assert found.keys() == expected.keys()
    assert [name for name in found if found[name] != expected[name]] == []
    print(f"W1: {len(expected):,} variants of files in {len(offered):,} combinations are the same")  # noqa: T201 - the figure


@pytest.mark.parametrize(
    "chosen",
    [*pairwise(seed()), *({name: it} for name, those in CHOICES.items() for it in those)],
    ids=repr,
)
def test_a_service_is_the_same_with_its_record_and_its_sums(
    port: Port, tmp_path: Path, chosen: dict[str, Any]
) -> None:
    same_service(port, tmp_path / "orders", port.ask("settle", chosen)["answers"])


@pytest.mark.parametrize(
    "pieces", [*zip(*[iter(PIECES)] * 3, strict=False), PIECES[::2], PIECES[::-1]], ids=repr
)
def test_hostile_texts_stand_in_every_file_as_the_hook_writes_them(
    port: Port, tmp_path: Path, pieces: Sequence[str]
) -> None:
    name, description, *more = [*pieces, "a", "b"]
    said = {"project_name": name, "description": description, "author": " ".join(more)[:100]}
    same_service(port, tmp_path / "orders", {"project_slug": "orders", **said})


@OFTEN
@given(st.fixed_dictionaries({}, optional=DRAWN))
def test_what_is_refused_or_resolved_is_so_word_by_word(port: Port, said: dict[str, Any]) -> None:
    assert port.ask("settle", said) == settled(said)


@pytest.mark.parametrize("question", TEXTS)
def test_the_refusal_of_each_hostile_piece_is_the_same(port: Port, question: str) -> None:
    names = NAMES if question == "project_slug" else []
    for piece in [*PIECES, *LINES, *names, "", " ", "\x1c", "\ufeff ", "a" * 300, "'", "'\""]:
        assert port.ask("settle", {question: piece}) == settled({question: piece}), repr(piece)


@OFTEN
@given(st.one_of(anything, st.text(max_size=30), st.from_regex(r"(&#?x?\w{1,8};|\w){1,4}")))
def test_a_name_gets_the_slug_that_the_template_derives(port: Port, name: str) -> None:
    assert port.ask("slug", name) == slugify(name)


def test_every_character_gets_the_slug_that_the_template_derives(port: Port) -> None:
    for first in range(0, 0x30000, 64):
        name = ",".join(f"{chr(it)}-a" for it in range(first, first + 64))
        assert port.ask("slug", name) == slugify(name), hex(first)
