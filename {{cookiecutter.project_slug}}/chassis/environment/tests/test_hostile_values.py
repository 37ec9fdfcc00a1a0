"""Whatever stands in a variable, `.env` or a secret file: settings, or a line for each problem."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from chassis.environment import Misconfigured, load, secrets
from chassis.environment.report import FORMATS, report
from chassis.environment.tests.every_type import Address, Local
from chassis.environment.variables import variables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "correct-horse-battery-staple"
VARIABLES = [variable.name for variable in variables(Local)]
PIECES = [
    *("A,B", "a=1,b=2", "1,2", ",", "=", "null", "true", "NaN", "1e999", "-", "9" * 5000, "red"),
    *("[1]", '["a"]', "[", "]", "{", "}", '{"a":1}', '{"street":"a"}', "[" * 2000, '{"a":' * 999),
    *(
        '"',
        "'",
        "\\",
        "\\ud800",
        '["\\ud800"]',
        "\udcff",
        "\x85",
        "\u2028",
        "\x00",
        "\x1b[31m",
        "\n",
    ),
    *("${HOME}", "${", "$", "#", "a: b", "Europe", "/", "..", "json", "http://", "(" * 99, SECRET),
]
pieces = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=4)
values = pieces.map("".join)


@pytest.fixture(scope="module", autouse=True)
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("files")
    (folder / "secrets").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(Local.model_config, "env_file", str(folder / ".env"))
        patch.setitem(Local.model_config, "secrets_dir", str(folder / "secrets"))
        yield folder


def settings_or_lines() -> list[str]:
    """Load the settings, and use them as a start does; else give the lines."""
    try:
        settings = load([Local])
    except Misconfigured as error:
        text = str(error)
    else:
        for form in FORMATS:
            assert report(settings, form).encode()
        assert secrets(settings) is not None
        return []
    assert SECRET not in text
    lines = text.split("\n")
    assert all(line.isprintable() and re.match(r"\S.*: .", line) for line in lines)
    return lines


@hypothesis_settings(max_examples=600, deadline=None)
@given(st.sampled_from(VARIABLES), values)
def test_no_value_of_a_variable_gives_a_traceback(name: str, value: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        with suppress(ValueError):  # the system takes no NUL
            patch.setenv(name, value)
        for line in settings_or_lines():
            assert line.startswith(f"{name}: ")


@hypothesis_settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(VARIABLES),
    st.one_of(values.map(lambda it: it.encode(errors="replace")), st.binary()),
)
def test_no_secret_file_gives_a_traceback(files: Path, name: str, content: bytes) -> None:
    file = files / "secrets" / name.lower()
    file.write_bytes(content)
    try:
        for line in settings_or_lines():
            assert line.startswith(f"{name}: ")
    finally:
        file.unlink()


@hypothesis_settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([*VARIABLES, "", "A B", "export"]), values), max_size=3),
    st.binary(max_size=3),
)
def test_no_env_file_gives_a_traceback(
    files: Path, lines: list[tuple[str, str]], more: bytes
) -> None:
    text = "\n".join(f"{name}={value}" for name, value in lines)
    (files / ".env").write_bytes(text.encode(errors="replace") + more)
    try:
        settings_or_lines()
    finally:
        (files / ".env").unlink()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("tags", "A,B", ["A", "B"]),
        ("tags", '["A, B", "C"]', ["A, B", "C"]),
        ("tags", "A", ["A"]),
        ("numbers", "1, 2", [1, 2]),
        ("words", "A,B", {"A", "B"}),
        ("rows", "1,2,3", (1, 2, 3)),
        ("row", "2,b", (2, "b")),
        ("names", "A,B", ("A", "B")),
        ("labels", "a=1,b=x=y", {"a": "1", "b": "x=y"}),
        ("labels", '{"a": "b,c"}', {"a": "b,c"}),
        ("limits", "a=1", {"a": 1}),
        ("maybe", "1,2", [1, 2]),
        ("maybe", "null", None),
        ("either", "3", 3),
        ("either", "[3]", [3]),
        ("address", '{"street": "b"}', Address(street="b")),
        ("nested", "[[1], [2]]", [[1], [2]]),
    ],
)
def test_a_list_is_words_between_commas_and_everything_may_be_json(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: object
) -> None:
    monkeypatch.setenv(f"SHOP_{name}".upper(), value)
    settings = load([Local])
    assert getattr(settings.shop, name) == expected


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("tags", "[A", "should be values separated by commas, or a JSON array"),
        ("labels", "a", "should be pairs such as key=value,key=value, or a JSON object"),
        ("address", "a", 'should be a JSON object, such as {"key": "value"}'),
        ("point", '{"y": 2}', "lacks x"),
        ("quoting", SECRET, "'\u2026' is too long, \u2026"),
        ("zone", SECRET, "invalid timezone: \u2026"),
        ("imported", SECRET, "should be an import path, such as package.module.name"),
        ("broken", SECRET, "the value makes a validator raise KeyError"),
        ("text", "\udcff", "is not text in UTF-8"),
        ("secret", f"{SECRET}\udcff", "is not text in UTF-8"),
    ],
)
def test_a_line_says_what_is_expected_and_shows_no_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, reason: str
) -> None:
    monkeypatch.setenv(f"SHOP_{name}".upper(), value)
    (line,) = settings_or_lines()
    assert line.startswith(f"SHOP_{name.upper()}: {reason} ")


def test_secrets_inside_of_values_are_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKENS", SECRET)
    monkeypatch.setenv("SHOP_ADDRESS", '{"street": "a", "key": "key-of-the-door"}')
    settings = load([Local])
    assert {SECRET, "key-of-the-door"} <= secrets(settings)
    for form in FORMATS:
        assert not {SECRET, "key-of-the-door"} & set(re.findall(r"[\w-]+", report(settings, form)))
