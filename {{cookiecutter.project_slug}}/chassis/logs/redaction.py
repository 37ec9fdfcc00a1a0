"""Keeps secrets out of text: those that are known, and those that give themselves away."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MASK = "**********"
SHORTEST = 6
"""Characters below which a secret is too common a word to look for."""
MARGIN = 256
"""Characters looked at beyond a cut, so that no half of a secret is left beside it."""

SHORT = 64
"""Characters up to which a text is likely to come again: a key, a logger, a route."""

NAMES = re.compile(
    r"passw|pwd|passphrase|secret|token|authorization|cookie|credential|session|jwt"
    r"|(?:api|access|private|signing|encryption)[_.\s-]?key"
)
"""What the name of a secret contains, in lower case."""
HINTS = re.compile(rf"{NAMES.pattern}|://|bearer|basic")

USERINFO = re.compile(r"(?<=://)([^\s/?#:@]{0,256}):[^\s/?#]{1,512}@")
"""A password in a URL: scheme://user:password@host."""
SCHEMES = re.compile(
    r"\b((?i:bearer)\s+|(?i:basic)\s+(?=[a-z]*[A-Z0-9._~+/=-]))[\w.~+/=-]{6,}"  # not "basic rules"
)
"""Credentials as HTTP sends them: Bearer eyJhbGciOi, Basic dXNlcjpwYXNz."""
PAIRS = re.compile(
    rf"""(?i)((?:{NAMES.pattern})[\w.-]{{0,32}}
    (?:\\?["']\s?[:=]|\s?=|["'],\s?(?=b["']))        # 'token': …, token=…, (b'cookie', b'…')
    \s?b?\\?)(?!None\b|Secret(?:Str|Bytes)\()
    ("[^"]*|'[^']*|[^\s"'&;,)\]}}]+)""",
    re.VERBOSE,
)
"""A name and its value, as programs write them."""
HEADERS = re.compile(r"(?i)(cookie|passw(?:or)?d|authorization)(\s?:\s?)[^\r\n\"']+")
"""A name and its value, as people and HTTP write them, to the end of the line."""


@lru_cache(maxsize=1024)
def names_secret(key: str) -> bool:
    """Tell whether what this key holds is to be kept secret."""
    return NAMES.search(key.lower()) is not None


class Redaction:
    """What is known to be secret in this process."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """Take the values of the secret settings; shorter ones than SHORTEST are ignored."""
        forms = {form for secret in secrets for form in _forms(secret) if len(form) >= SHORTEST}
        self._forms = sorted(forms, key=len, reverse=True)
        self._margin = max(MARGIN, *map(len, forms), 0)
        self._remembered = lru_cache(maxsize=4096)(self._mask)

    def text(self, text: str, limit: int) -> str:
        """Mask the secrets in a text; of more than `limit` characters keep both ends, and say so.

        Work grows with `limit`, not with the text.
        """
        if len(text) <= SHORT and len(text) <= limit:
            return self._remembered(text)
        kept = limit + 2 * self._margin
        if len(text) <= kept:
            masked = self._mask(text)
            return masked if len(masked) <= limit else _cut(masked, masked, limit, len(masked))
        half = kept // 2
        head, tail = self._mask(text[:half]), self._mask(text[-half:])
        return _cut(head[: -self._margin], tail[self._margin :], limit, len(text))

    def _mask(self, text: str) -> str:
        for form in self._forms:
            if form in text:
                text = text.replace(form, MASK)
        if HINTS.search(text.lower()):
            text = USERINFO.sub(rf"\1:{MASK}@", text)
            text = SCHEMES.sub(rf"\1{MASK}", text)
            text = PAIRS.sub(_mask_value, text)
            text = HEADERS.sub(rf"\1\2{MASK}", text)
        if text.isascii():
            return text
        return text.encode("utf-8", "backslashreplace").decode()  # a lone surrogate is no text


def _mask_value(pair: re.Match[str]) -> str:
    quotation = pair[2][0] if pair[2][0] in "\"'" else ""
    return f"{pair[1]}{quotation}{MASK}"


def _cut(head: str, tail: str, limit: int, length: int) -> str:
    head, tail = head[: limit // 2], tail[len(tail) - limit // 2 :]
    return f"{head}…[{length - len(head) - len(tail)} characters cut]…{tail}"


def _forms(secret: str) -> Iterator[str]:
    """Yield a secret the ways it is written: as it is, quoted in a URL, escaped in a literal."""
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
