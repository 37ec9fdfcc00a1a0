from __future__ import annotations

import json
import logging
import re
import sys
from time import process_time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import pytest
from pydantic import BaseModel, Secret, SecretBytes, SecretStr

from chassis.environment.secret_names import MASK, is_secret_name
from chassis.logs.formatter import LineFormatter
from chassis.logs.layout import ConsoleLayout, to_json
from chassis.logs.redaction import Redactor
from chassis.logs.tests.corpus import HARMLESS_NAMES, HARMLESS_TEXTS, SECRET_NAMES, TEXTS

if TYPE_CHECKING:
    from chassis.logs.layout import Layout

KNOWN = "k n/o\"w'n\\ €-s3cret"
MULTILINE = "-----BEGIN-----\nfirst-half\nsecond-half\n-----END-----"
LAYOUTS = [to_json, ConsoleLayout(colours=False)]


def write(
    msg: object = "told",
    *args: object,
    layout: Layout = to_json,
    exc_info: Any = None,
    **extra: Any,
) -> str:
    record = logging.LogRecord("shop", logging.INFO, "", 0, msg, args, exc_info)
    record.__dict__.update(extra)
    return LineFormatter(Redactor({KNOWN, MULTILINE, "short"}), layout, {}).format(record)


@pytest.mark.parametrize("key", SECRET_NAMES)
def test_a_value_is_masked_by_its_key_wherever_the_key_is(key: str) -> None:
    planted = "pl4nted"
    line = write(
        {key: planted},
        layout=to_json,
        exc_info=None,
        **{key: planted},
        deep={"in": [{key: {"further": planted}}, (key, planted)]},
        headers=[(key.encode(), planted.encode())],
        binary={key.encode(): planted},
        object=type("Named", (BaseModel,), {"__annotations__": {"x": dict}})(x={key: planted}),
    )
    assert planted not in line
    assert MASK in line


@pytest.mark.parametrize("key", HARMLESS_NAMES)
def test_a_value_is_left_alone_by_its_key(key: str) -> None:
    assert not is_secret_name(key)
    number = 51205120  # no timestamp has so many digits in a row
    assert write(f"{key}={number}", fields={key: number}).count(f"{number}") == 2


def test_how_many_there_are_may_be_logged() -> None:
    line = write(fields={"tokens": 512, "Sessions": 3, "token": 512, "secrets": [512]})
    assert json.loads(line)["fields"] == {
        "tokens": 512, "Sessions": 3, "token": MASK, "secrets": MASK,
    }  # fmt: skip


def test_whether_a_secret_is_set_may_be_logged() -> None:
    fields = json.loads(write(password=None, token=True))
    assert fields["password"] is None
    assert fields["token"] is True


def test_secret_types_are_masked_under_any_key() -> None:
    line = write(a=SecretStr("pl4nted"), b=[SecretBytes(b"pl4nted")], c={"d": Secret("pl4nted")})
    assert "pl4nted" not in line
    assert line.count(MASK) == 3


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    "form",
    [
        str, repr, ascii, quote, quote_plus, json.dumps, lambda s: quote(s, safe=""),
        lambda s: repr(s.encode()), lambda s: json.dumps(s, ensure_ascii=False),
        lambda s: {s: s}, lambda s: {s}, lambda s: s.encode(), ValueError,
    ],
)  # fmt: skip
def test_a_known_secret_is_masked_in_every_form_and_place(form: Any, layout: Layout) -> None:
    planted = form(KNOWN)
    info = (ValueError, ValueError(planted), None)
    line = write("%s", planted, layout=layout, exc_info=info, field=planted, deep={"in": [planted]})
    for left in ("s3cret", "k n", "k%20n", "k+n", "€", "\\u20ac", "%E2"):
        assert left not in line


def test_a_secret_of_several_lines_is_masked_line_by_line() -> None:
    group = ExceptionGroup("several", [ValueError(MULTILINE)])
    line = write(f"prefix {MULTILINE}", exc_info=(type(group), group, None))
    assert "half" not in line


def test_a_short_secret_is_not_masked() -> None:
    assert "short" in write("a short message")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_traceback_shows_no_secret_of_its_source_message_or_remarks(layout: Layout) -> None:
    try:
        url = "amqp://app:" + "pl4nted@db/orders"  # whole in the message, not in its source
        raise ConnectionError(f"cannot reach {url} with {KNOWN}")  # noqa: TRY301 - as it happens
    except ConnectionError as error:
        error.add_note("Authorization: Bearer " + "pl4nted-token")
        line = write("failed", exc_info=sys.exc_info(), layout=layout)
    assert "ConnectionError" in line
    assert "pl4nted" not in line
    assert "s3cret" not in line


@pytest.mark.parametrize("text", TEXTS)
def test_an_unknown_secret_is_masked_by_its_shape_and_nothing_else(text: str) -> None:
    assert json.loads(write(text))["message"] == TEXTS[text]


@pytest.mark.parametrize("text", HARMLESS_TEXTS)
def test_a_text_without_a_secret_is_left_alone(text: str) -> None:
    assert json.loads(write(text))["message"] == text


@pytest.mark.parametrize("end", [KNOWN, "amqp://app:s3cret@db", "Bearer s3cret-s3cret-s3cret"])
def test_a_cut_leaves_no_half_of_a_secret(end: str) -> None:
    for offset in range(0, 600, 7):
        for text in (f"{'a' * (8192 - 30 + offset)} {end}{'b' * 20_000}", f"{'a' * 20_000} {end}"):
            shown = json.loads(write(text + "c" * (8192 - 500 + offset)))["message"]
            assert "characters cut" in shown
            assert "s3c" not in shown
            assert "ret" not in shown


def test_a_cut_leaves_no_half_of_a_secret_where_masks_have_made_room() -> None:
    for offset in range(len(KNOWN) + 1):
        secrets = f"{KNOWN} " * 3000
        shown = json.loads(write(f"{'x' * offset}{secrets}{'x' * offset}"))["message"]
        assert re.fullmatch(r"[x* ]+…\[\d+ characters cut\]…[x* ]+", shown)


@pytest.mark.parametrize(
    "text",
    [
        *("://a:", "token ", "bearer  ", "password'", "api-key-", "cookie: ", "a-", "basic A "),
        *("http://a", 'token="', "token_count='", "token)=(", "token,", "token: a ", "token=["),
        *(
            'token\\"="\\',
            "a_token_count=",
            "('token', ",
            "token, x",
            "token>",
            "--token ",
            "token=(",
            "token \t",
        ),
        *(
            "token is ",
            "-u ",
            "-u 'a:",
            "-ua",
            "?sig=",
            "eyJ",
            "eyJabcdef.",
            "-----BEGIN A",
            "sk-",
            "%26sig%3D",
            "&signature=a%26",
        ),
    ],
)
def test_redaction_costs_no_more_for_a_hostile_text_than_for_its_length(text: str) -> None:
    began = process_time()
    Redactor({KNOWN}).redact("token" + text * 10**6, 16_384)
    assert process_time() - began < 1
