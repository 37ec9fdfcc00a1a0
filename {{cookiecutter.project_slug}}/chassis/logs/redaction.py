"""Masks secrets in text: the known ones, and what looks like one."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MASK = "**********"
MIN_SECRET_CHARACTERS = 6
"""Shorter secrets are not masked: they would match common words."""
CUT_MARGIN = 256
"""Characters that are masked beyond a cut, so that no half of a secret is left beside it."""

MAX_CACHED_CHARACTERS = 64
"""Shorter texts are likely to be repeated (keys, loggers, routes): their result is cached."""

SECRET_NAMES = re.compile(
    r"passw|pwd|passphrase|secret|token|authorization|cookie|credential|session|jwt"
    r"|(?:api|access|private|signing|encryption)[_.\s-]?key"
)
"""What the name of a secret contains, in lower case."""
SECRET_HINTS = re.compile(rf"{SECRET_NAMES.pattern}|://|bearer|basic")

USERINFO = re.compile(r"(?<=://)([^\s/?#:@]{0,256}):[^\s/?#]{1,512}@")
"""A password in a URL: scheme://user:password@host."""
HTTP_SCHEMES = re.compile(
    r"\b((?i:bearer)\s+|(?i:basic)\s+(?=[a-z]*[A-Z0-9._~+/=-]))[\w.~+/=-]{6,}"  # not "basic rules"
)
"""Credentials as HTTP sends them: Bearer eyJhbGciOi, Basic dXNlcjpwYXNz."""
NAME_VALUE_PAIRS = re.compile(
    rf"""(?i)((?:{SECRET_NAMES.pattern})[\w.-]{{0,32}}
    (?:\\?["']\s?[:=]|\s?=|["'],\s?(?=b["']))        # 'token': …, token=…, (b'cookie', b'…')
    \s?b?\\?)(?!None\b|Secret(?:Str|Bytes)\()
    ("[^"]*|'[^']*|[^\s"'&;,)\]}}]+)""",
    re.VERBOSE,
)
"""A name and its value, as programs write them."""
HEADER_LINES = re.compile(r"(?i)(cookie|passw(?:or)?d|authorization)(\s?:\s?)[^\r\n\"']+")
"""A name and its value, as people and HTTP write them, to the end of the line."""


@lru_cache(maxsize=1024)
def is_secret_name(name: str) -> bool:
    """Tell whether the value under this name is a secret."""
    return SECRET_NAMES.search(name.lower()) is not None


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
        """Mask the secrets in a text; cut the middle out of one with more than `limit` characters.

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
            text = USERINFO.sub(rf"\1:{MASK}@", text)
            text = HTTP_SCHEMES.sub(rf"\1{MASK}", text)
            text = NAME_VALUE_PAIRS.sub(_mask_value, text)
            text = HEADER_LINES.sub(rf"\1\2{MASK}", text)
        if text.isascii():
            return text
        return text.encode(
            "utf-8", "backslashreplace"
        ).decode()  # lone surrogates cannot be encoded


def _mask_value(pair: re.Match[str]) -> str:
    quotation = pair[2][0] if pair[2][0] in "\"'" else ""
    return f"{pair[1]}{quotation}{MASK}"


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
