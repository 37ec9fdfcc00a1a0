"""Lines that many edit: both changes are made where the result is certain, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carve.lines import merge, merge_files

Lines = list[str]
BASE = ["from app.greetings import Greetings", "from app.notes import Notes", "", "end"]
OWN = "from app.customers import Customers"


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "expected"),
    [
        pytest.param("abc", "aXbc", "ac", "aXc", id="an insertion before a deletion"),
        pytest.param("abc", "abXc", "ac", "aXc", id="an insertion after a deletion"),
        pytest.param("abcd", "aXcd", "abd", "aXd", id="a change beside a deletion"),
        pytest.param("abc", "ac", "ac", "ac", id="the same deletion"),
        pytest.param("abcd", "ad", "acd", "ad", id="a deletion within another"),
        pytest.param("abc", "aXc", "aXc", "aXc", id="the same change"),
        pytest.param("abc", "aXc", "aYc", None, id="two changes of a line"),
        pytest.param("abc", "aXc", "ac", None, id="a change of a deleted line"),
        pytest.param("abcd", "abXcd", "ad", None, id="an insertion into a deletion"),
        pytest.param("ab", "aXb", "aYb", None, id="two insertions whose order may matter"),
    ],
)
def test_changes_side_by_side(base: str, ours: str, theirs: str, expected: str | None) -> None:
    merged = merge(list(base), list(ours), list(theirs))
    assert merged == (None if expected is None else list(expected))


@pytest.mark.parametrize(
    ("own", "new"),
    [
        ("from app.customers import Customers\n", "from app.notes import Notes\n"),
        ("    customers: Customers = Customers()\n", "    notes: Notes = Notes()\n"),
        ('  "boltons>=25", # why\n', '  "redis>=8",\n'),
        ('    "CUSTOMERS_URL": "http://a",\n', '    "METRICS_PORT": "0",\n'),
        ("| `A` | `1` | One. |\n", "| `B` | `2` | Two. |\n"),
        ("# One.\n#A_B=1\n", "# Two.\n#B_C=\n"),
        ("STAGES += contract\n", "STAGES += build\n"),
        ("*.local\n", "*.db\n"),
    ],
)
def test_lines_whose_order_means_nothing_stand_side_by_side(own: str, new: str) -> None:
    merged = merge_files(b"a\nb\n", f"a\n{own}b\n".encode(), f"a\n{new}b\n".encode())
    assert merged == f"a\n{new}{own}b\n".encode()


@pytest.mark.parametrize(
    ("own", "new"),
    [
        ('  "redis>=8",\n', '  "redis>=9",\n'),
        ("    cache: Mine = Mine()\n", "    cache: Caching = Caching()\n"),
        ("    cache: Mine = Mine()\n", "  notes: Notes = Notes()\n"),
        ('    "PORT": "1",\n', '    "PORT": "2",\n'),
        ("    return one\n", "    return two\n"),
        ("# A heading\n", "# Another heading\n"),
        ("      - run: make a\n", "      - run: make b\n"),
    ],
)
def test_what_cannot_stand_side_by_side_is_a_conflict(own: str, new: str) -> None:
    assert merge_files(b"a\nb\n", f"a\n{own}b\n".encode(), f"a\n{new}b\n".encode()) is None


NOTES, CUSTOMERS = "    notes: Notes = Notes()\n", "    customers: Customers = Customers()\n"


def test_an_entry_in_the_place_of_a_deleted_one_stays() -> None:
    base, ours, theirs = f"a\n{NOTES}b\n", f"a\n{CUSTOMERS}b\n", "a\nb\n"
    assert merge_files(base.encode(), ours.encode(), theirs.encode()) == ours.encode()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (NOTES, "    notes: Notes = Notes(page_size=9)\n"),
        ("from app.notes import Notes\n", "from app.notes import Notes, Tags\n"),
        ('  "redis>=8",\n', '  "redis>=9",\n'),
    ],
)
def test_a_changed_entry_that_the_template_deletes_is_a_conflict(old: str, new: str) -> None:
    assert merge_files(f"a\n{old}b\n".encode(), f"a\n{new}b\n".encode(), b"a\nb\n") is None


@pytest.mark.parametrize("end", [b"a\nb", b"\xff\n"])
def test_what_is_no_text_of_whole_lines_is_left_to_git(end: bytes) -> None:
    assert merge_files(b"a\n", b"a\nc\n", end) is None


ANY = st.lists(st.sampled_from("abcdefgh"), max_size=12)


@given(base=ANY, ours=ANY, theirs=ANY)
def test_no_line_of_either_side_is_lost_or_doubled(base: Lines, ours: Lines, theirs: Lines) -> None:
    assert merge(base, ours, base) == ours
    assert merge(base, base, theirs) == theirs
    assert merge(base, ours, ours) == ours
    merged = merge(base, ours, theirs)
    if merged is None:
        return
    for line in {*base, *ours, *theirs}:
        before, own, new, after = (it.count(line) for it in (base, ours, theirs, merged))
        one, other = own - before, new - before
        least = min(before + one + other, before + one, before + other)
        most = max(before + one + other, before + one, before + other)
        assert least <= after <= most


def test_a_heading_that_both_changed_is_a_conflict() -> None:
    base, ours, theirs = (f"# {it}\n\na\n".encode() for it in ("Operations", "Nights", "Operating"))
    assert merge_files(base, ours, theirs) is None
