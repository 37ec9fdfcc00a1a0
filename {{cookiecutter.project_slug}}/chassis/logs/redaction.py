"""Masks secrets in text: the known ones, and text that looks like one."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from chassis.environment.secret_names import HTTP_TOKENS, MASK, NAME_PATTERN, is_secret_name
from chassis.exchange import MIN_SECRET_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CUT_MARGIN = 256
"""Characters masked beyond a cut, so that no part of a secret is left beside it."""

MAX_NAME_CHARACTERS = 32
"""Most characters of a name before the word that marks it as a secret's."""
MAX_CACHED_CHARACTERS = 64
"""Shorter texts are likely to be repeated (keys, loggers, routes): their result is cached."""

SECRET_HINTS = re.compile(
    rf"{NAME_PATTERN}|://|bearer|basic|(?<![\w/-])-[a-z]{{0,3}}u|--(?:proxy-)?user"
    r"|sig(?:nature)?(?:=|%3d)|eyj|gh[opusr]_|_pat_|glpat-|xox|sk-|akia|hvs\.|-----begin"
)

USERINFO = re.compile(r"(?<=://)([^\s/?#:@]{0,256}):[^\s/?#]{1,512}@")
"""A password in a URL: scheme://user:password@host."""
HTTP_SCHEMES = re.compile(
    r"\b((?i:bearer)\s+|(?i:basic)\s+(?=[a-z]*[A-Z0-9._~+/=-]))[\w.~+/=-]{6,}"  # not "basic rules"
)
"""Credentials as HTTP sends them: Bearer eyJhbGciOi, Basic dXNlcjpwYXNz."""
SIGNATURES = re.compile(
    r"(?i)((?:[?&]|%3F|%26)sig(?:nature)?(?:=|%3D))(?:(?!%26)[^\s&#'\"<>]){1,512}"
)
"""The signature of a presigned URL; X-Amz-Signature is masked by its name."""
USER_OPTIONS = re.compile(
    r"""(?<![\w/-])
    ((?:-[A-Za-z]{0,3}u|--(?:proxy-)?user)(?:["'],\s?|[\s=])?(?P<quote>["'])?[^\s:"']{0,256}:)
    (?!\d+(?![^\s"']))                                          # -u 1000:1000
    (?:(?(quote)(?:(?!(?P=quote)).){1,512}|[^\s"']{1,512}))""",
    re.VERBOSE,
)
"""User and password as curl takes them: -u user:password."""
TOKENS = re.compile(
    r"""\beyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]*                             # a JSON Web Token
    | \b(?:gh[opusr]_|[a-z]{2,8}_pat_|glpat-|hvs\.)[\w-]{16,}
    | \b(?:xox[abeprs]-|sk-)(?=[\w-]*\d)[\w-]{16,}
    | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b
    | -----BEGIN\ [A-Z ]{0,32}PRIVATE\ KEY-----.*?(?:-----END\ [A-Z ]{0,32}-----|\Z)""",
    re.VERBOSE | re.DOTALL,
)
"""Secrets recognized by their format, whatever precedes them."""
NAME_VALUE_PAIRS = re.compile(
    rf"""(?i)(?P<name>(?:{NAME_PATTERN})[\w.-]{{0,32}})
    (?P<between>
        \\*["']\s{{0,8}}(?:=>|[:=])\s{{0,8}}b?                # 'token': …
      | [ \t]{{0,8}}(?:=>|:?=(?!=)|%3D|%22%3A)[ \t]{{0,8}}b?  # token=…
      | (?P<tuple>["'],\s?b?(?=["']))                       # ('cookie', b'…')
      | (?P<prose>[ \t]?:[ \t]{{0,8}})                        # token: …
      | (?P<statement>[ ](?:is|was):?[ ])                     # the token is …
      | (?P<option>[ ](?=[^\s-]))                           # --token …
      | (?P<element>>)                                      # <token>…</token>
      | (?P<key>["']?\)?(?:,[^\r\n]{{0,128}}?)?\)=\()         # Key (lower(token), id)=(…)
    )
    (?!(?:None|null|true|false)(?![\w-])|Secret(?:Str|Bytes)\()
    (?P<value>
        (?(key)[^\r\n]+?(?=\)\s(?:already|is|conflicts)\b|\)?\W?(?:[\r\n]|\Z))|(?!))
      | (?(element)[^<]+(?=</)|(?:
          (?P<quote>\\*["'])(?:.*?(?<!\\)(?=(?P=quote))|.*)
        | \[[^\]]*|\{{[^}}]*|\([^)]*
        | [^\s"'&;,)\]}}]+
        ))
    )""",
    re.VERBOSE | re.DOTALL,
)
"""A name and its value, as programs and people write them."""
NAME_BEFORE = re.compile(r"[\w.-]*\Z")
PLAIN_WORD = re.compile(r"[<(]?[A-Z]?[a-z]+(?:[A-Z][a-z]{2,})*\W*|\W+")
"""Words that follow a name and a colon in prose: "invalid token: expired", "session: Session"."""
MIN_STATED_CHARACTERS = 6
"""Length from which the text after "the token is" can be a secret."""
HEADER_LINES = re.compile(
    r"(?i)(cookie|passw(?:or)?d|passphrase|authorization)(\s?:\s?)[^\r\n\"']+"
)
"""A name and its value, as people and HTTP write them, to the end of the line."""


class Redactor:
    """Masks secrets."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """Take the values of the secret settings; those below MIN_SECRET_CHARACTERS are ignored."""
        known = {text for secret in secrets for text in _encodings(secret)}
        known = {text for text in known if len(text) >= MIN_SECRET_CHARACTERS}
        self._known = sorted(known, key=len, reverse=True)
        self._margin = max(CUT_MARGIN, *map(len, known), 0)
        self._mask_cached = lru_cache(maxsize=4096)(self._mask)

    def redact(self, text: str, limit: int) -> str:
        """Mask the secrets in a text; if it has more than `limit` characters, cut out the middle.

        The time it takes depends on `limit`, not on the text.
        """
        if len(text) <= MAX_CACHED_CHARACTERS and len(text) <= limit:
            return self._mask_cached(text)
        kept = limit + 2 * self._margin
        if len(text) <= kept:
            masked = self._mask(text)
            return (
                masked if len(masked) <= limit else _cut_middle(masked, masked, limit, len(masked))
            )
        half = kept // 2
        head, tail = self._mask(text[:half]), self._mask(text[-half:])
        return _cut_middle(head[: -self._margin], tail[self._margin :], limit, len(text))

    def _mask(self, text: str) -> str:
        for secret in self._known:
            if secret in text:
                text = text.replace(secret, MASK)
        if SECRET_HINTS.search(text.lower()):
            text = HTTP_TOKENS.sub(MASK, text)
            text = TOKENS.sub(MASK, text)
            text = USERINFO.sub(rf"\1:{MASK}@", text)
            text = HTTP_SCHEMES.sub(rf"\1{MASK}", text)
            text = SIGNATURES.sub(rf"\1{MASK}", text)
            text = USER_OPTIONS.sub(rf"\1{MASK}", text)
            text = _mask_pairs(text)
            text = HEADER_LINES.sub(rf"\1\2{MASK}", text)
        if text.isascii():
            return text
        return text.encode(
            "utf-8", "backslashreplace"
        ).decode()  # lone surrogates cannot be encoded


def _mask_pairs(text: str) -> str:
    """Mask the values of pairs whose whole name is that of a secret."""
    masked, start, pair = "", 0, NAME_VALUE_PAIRS.search(text)
    while pair:
        further = pair.end("name")
        if _is_secret_pair(pair):
            masked += f"{text[start : pair.start('value')]}{pair['quote'] or ''}{MASK}"
            further = start = pair.end()
        pair = NAME_VALUE_PAIRS.search(text, further)
    return masked + text[start:]


def _is_secret_pair(pair: re.Match[str]) -> bool:
    start = pair.start()
    before = NAME_BEFORE.findall(pair.string[max(0, start - MAX_NAME_CHARACTERS) : start])[0]
    name, opening = f"{before}{pair['name']}", pair.string[: start - len(before)][-2:]
    if pair["tuple"] and not (pair["tuple"].endswith("b") or opening.startswith("(")):
        return False  # a list of names
    if pair["option"] and not before.startswith("-"):
        return False
    if pair["value"].isdigit() and name.lower().endswith("s"):
        return False  # their number
    if pair["prose"] and name.replace(" ", "").isalpha() and PLAIN_WORD.fullmatch(pair["value"]):
        return False
    if pair["statement"]:
        value = pair["value"].lstrip("\"'\\")
        if len(value) < MIN_STATED_CHARACTERS or PLAIN_WORD.fullmatch(value):
            return False
    return is_secret_name(name)


def _cut_middle(head: str, tail: str, limit: int, length: int) -> str:
    head, tail = head[: limit // 2], tail[len(tail) - limit // 2 :]
    return f"{head}…[{length - len(head) - len(tail)} characters cut]…{tail}"


def _encodings(secret: str) -> Iterator[str]:
    """Yield a secret as it is, quoted as in a URL, and escaped as in a literal."""
    for part in {secret, *secret.splitlines()}:
        yield part
        yield quote(part, safe="", errors="replace")
        yield quote(part, errors="replace")
        yield quote_plus(part, errors="replace")
        yield repr(part)[1:-1]
        yield ascii(part)[1:-1]
        yield repr(part.encode("utf-8", "surrogatepass"))[2:-1]
        yield json.dumps(part)[1:-1]
        yield json.dumps(part, ensure_ascii=False)[1:-1]
