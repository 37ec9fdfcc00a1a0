"""Recognizes names of secrets, and finds the secrets inside a setting."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

MASK = "**********"
NAME_PATTERN = (
    r"passw(?!ordless)|passphrase|passcode|pwd|secret(?!ar|ion)|token(?!i[sz])|authorization"
    r"|cookie|credential|session|jwt"
    r"|(?:api|access|account|private|signing|encryption)[_.\s-]?key|x-(?:amz|goog)-signature"
)
"""What names of secrets contain, in lower case."""
SECRET_NAMES = re.compile(NAME_PATTERN)
HARMLESS_NAMES = re.compile(
    r"[_.\s-](?:(?:count|total|type|name|length|size|byte|limit|max|min|minute|second|file)s?|ms|ttl"
    r"|age|expir(?:es|y|ation)|expires_in|\w+_at|duration|algorithm|policy|status|version|path|dir"
    r"|used|usage|rate|required|enabled|changed|timeout|lifetime|backend|hasher|samesite|per_\w+)$"
    r"|(?:token|authorization)_(?:ur[il]|endpoint)$|obsession|possession"
    r"|(?:^|[_.\s-])(?:input|output|prompt|completion|reasoning|cached|max|min|total|num|used|active"
    r"|open|remaining)_(?:tokens|sessions|cookies)"
)
"""What names of harmless values contain: session_count, token_type, input_tokens."""
CAPITALS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

PASSWORDS = re.compile(r"(?<=://)([^/@:\s]*):(?!\d+/)((?:(?!://).)+)@", re.DOTALL)
"""User and password of a URL, whatever characters the password has."""
HTTP_TOKENS = re.compile(r"(?i)(?<=http://|ttps://)([^\s/?#:@]{1,512})(?=:?@|:x-oauth-basic@)")
"""The user of an HTTP URL without a password: https://token@host."""
PARAMETERS = re.compile(r"(?<=[?&])([^=&#\s]+)=([^&#\s]+)")
"""Name and value of a URL's parameter."""
PAIRS = re.compile(r"(?:^|,)\s*([^=,\s]+)=([^,]+)")
"""Name and value of one of several headers."""
PLAIN_WORDS = re.compile(r"[a-z]{1,15}(?:[-_.][a-z0-9]{1,8}){0,4}")
"""A value such as eu-west-1 that is not a key, and may be logged."""


@lru_cache(maxsize=1024)
def is_secret_name(name: str) -> bool:
    """Return whether the value under this name is a secret."""
    words = CAPITALS.sub("_", name).lower()
    if not SECRET_NAMES.search(words):
        return False
    return not HARMLESS_NAMES.search(words.replace("-", "_"))


def mask_urls(text: str) -> str:
    """Mask the secrets of the URLs in a setting."""

    def mask_parameter(it: re.Match[str]) -> str:
        return f"{it[1]}={MASK if is_secret_name(it[1]) else it[2]}"

    text = PASSWORDS.sub(rf"\1:{MASK}@", HTTP_TOKENS.sub(MASK, text))
    return PARAMETERS.sub(mask_parameter, text)


def find_secrets(text: str, *, hidden: bool) -> Iterator[str]:
    """Yield the secrets inside a setting, also percent-decoded; a hidden setting as a whole, too.

    Parts of a hidden one are the values of headers, such as api-key=KEY,authorization=Bearer%20KEY.
    """
    found = [password for _, password in PASSWORDS.findall(text)]
    found += [it for it in HTTP_TOKENS.findall(text) if not PLAIN_WORDS.fullmatch(it)]
    found += [value for name, value in PARAMETERS.findall(text) if is_secret_name(name)]
    if hidden:
        found.append(text)
        for name, value in PAIRS.findall(text):
            if is_secret_name(name) or not PLAIN_WORDS.fullmatch(value):
                found += value, *unquote(value).split()
    for secret in found:
        yield from (secret, unquote(secret))
