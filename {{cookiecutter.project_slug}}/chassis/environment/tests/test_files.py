"""What a `.env` or a folder of secret files may be, and the line that says what is wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import model_validator
from pydantic_settings import SettingsConfigDict

from chassis.environment import Environment, Misconfigured, load
from chassis.environment.sources import MAX_BYTES
from chassis.service import Feature

SECRET = "correct-horse-battery-staple"


class Shop(Feature):
    """A feature to configure."""

    port: int = 80
    text: str = ""
    token: str = ""

    @model_validator(mode="after")
    def _agree(self) -> Shop:
        if self.text == "contradiction":
            raise ValueError("text and token exclude each other")
        return self


class Local(Environment):
    """Where an owner runs it."""

    model_config = SettingsConfigDict(secrets_dir=None)
    reads_files = True
    shop: Shop = Shop()


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.delenv("ENVIRONMENT", raising=False)
    monkeypatch.setitem(Local.model_config, "env_file", ".env")
    monkeypatch.setitem(Local.model_config, "secrets_dir", "secrets")


def lines() -> list[str]:
    with pytest.raises(Misconfigured) as caught:
        load([Local])
    assert SECRET not in str(caught.value)
    return str(caught.value).splitlines()


def test_a_test_reads_neither_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("SHOP_PORT=81\n")
    Path("secrets/SHOP_TOKEN").write_text(SECRET)
    assert (load([Local]).shop.port, load([Local]).shop.token) == (81, SECRET)
    assert not Environment.reads_files
    monkeypatch.setattr(Local, "reads_files", Environment.reads_files)
    assert load([Local]).shop == Shop()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("'${HOME}'", "${HOME}"),
        ('"${HOME}"', "/home/ada"),
        ("${HOME}", "/home/ada"),
        ("${HOME}/x # a comment", "/home/ada/x"),
        ("'${HOME}' # a comment", "${HOME}"),
        ("${NOBODY}", ""),
        ("${NOBODY:-else}", "else"),
        ("$HOME", "$HOME"),
        ("'it\\'s'", "it's"),
        ('"a\\nb"', "a\nb"),
        ("a'b", "a'b"),
    ],
)
def test_env_file_is_read_as_python_dotenv_documents_but_single_quotes_are_literal(
    value: str, expected: str
) -> None:
    Path(".env").write_text(f"SHOP_TEXT={value}\n")
    assert load([Local]).shop.text == expected


def test_a_variable_of_the_file_may_name_an_earlier_one_which_wins_over_the_real_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BASE", "real")
    Path(".env").write_text("BASE=file\nexport SHOP_TEXT=${BASE}\n")
    assert load([Local]).shop.text == "file"


@pytest.mark.parametrize(
    "line",
    [
        f'SHOP_TEXT="{SECRET}',
        f"SHOP_TEXT {SECRET}",
        f"={SECRET}",
        f"'{SECRET}",
        "SHOP_TEXT",
        f"{SECRET}",
    ],
)
def test_a_line_that_is_no_setting_is_named_by_its_number(line: str) -> None:
    Path(".env").write_text(f"# first\nSHOP_PORT=81\n\n{line}\n\nSHOP_TEXT=a\n")
    (complaint,) = lines()
    assert complaint == (
        ".env line 4: is not a setting. Write NAME=value, with quotes on both sides or none."
    )


def test_every_bad_line_and_every_bad_variable_is_told_at_once() -> None:
    Path(".env").write_text("\nno setting\r\nSHOP_PORT=x\r\nneither is this\n")
    assert [line.partition(":")[0] for line in lines()] == [
        ".env line 2",
        ".env line 4",
        "SHOP_PORT",
    ]


def test_an_env_file_that_is_a_directory_is_told() -> None:
    Path(".env").mkdir()
    assert lines() == [".env: is a directory. Correct it or remove it."]


@pytest.mark.parametrize("content", [f"SHOP_TEXT={SECRET}".encode("utf-16"), b"SHOP_TEXT=\xff\n"])
def test_an_env_file_that_is_not_utf_8_is_told(content: bytes) -> None:
    Path(".env").write_bytes(content)
    assert lines() == [".env: is not text in UTF-8. Correct it or remove it."]


def test_a_byte_order_mark_is_no_fault() -> None:
    Path(".env").write_bytes(b"\xef\xbb\xbfSHOP_TEXT=a\n")
    assert load([Local]).shop.text == "a"


def make_large(file: Path) -> None:
    file.write_text(SECRET * (MAX_BYTES // 20))


def make_binary(file: Path) -> None:
    file.write_bytes(SECRET.encode() + b"\xff")


def make_link_outside(file: Path) -> None:
    Path("outside").write_text(SECRET)
    file.symlink_to(Path("outside").absolute())


def make_link_to_itself(file: Path) -> None:
    file.symlink_to(file.name)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (Path.mkdir, "is a directory."),
        (make_binary, "is not text in UTF-8."),
        (make_large, f"has more than {MAX_BYTES} bytes."),
        (make_link_outside, "is a link to outside its folder."),
        (make_link_to_itself, ""),
    ],
)
def test_a_secret_file_that_holds_no_value_is_refused(make: object, reason: str) -> None:
    assert callable(make)
    make(Path("secrets", "shop_token"))
    (line,) = lines()
    assert line.startswith(f"SHOP_TOKEN: its file in secrets {reason}")


def test_a_secret_file_that_may_not_be_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("secrets", "shop_token").write_text(SECRET)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    (line,) = lines()
    assert line.startswith("SHOP_TOKEN: its file in secrets cannot be read: Permission denied.")


def test_files_that_are_no_variables_are_nobodys_fault() -> None:
    Path("secrets", "platform.io", "serviceaccount").mkdir(parents=True)
    Path("secrets", "tls.p12").write_bytes(b"\xff")
    Path("secrets", "shop_picture").write_bytes(b"\xff")
    Path("secrets", "..data").mkdir()
    Path("secrets", "..data", "shop_token").write_text("in a volume of links\n")
    Path("secrets", "shop_token").symlink_to(Path("..data", "shop_token"))
    assert load([Local]).shop.token == "in a volume of links"


def test_a_folder_of_secrets_that_is_a_file_is_told() -> None:
    os.rmdir("secrets")  # noqa: PTH106 - short
    Path("secrets").write_text(SECRET)
    (line,) = lines()
    assert line.startswith("secrets: cannot be read: ")


def test_settings_that_contradict_each_other_are_told_under_their_groups_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SHOP_TEXT", "contradiction")
    assert lines() == ["SHOP_*: text and token exclude each other"]
