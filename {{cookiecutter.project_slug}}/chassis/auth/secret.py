"""Tokens of this service's own: one secret signs them, it and the one before verify them."""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING

from joserfc import jwt
from joserfc.jwk import OctKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pydantic import SecretStr

ALGORITHM = "HS256"
SHORTEST = 32
"""Bytes of a key, as many as its hash has (RFC 7518, section 3.2)."""
GENERATE = "python -c 'import secrets; print(secrets.token_urlsafe(32))'"
DEVELOPMENT_KEY = "a key for development, which everybody knows"
"""Stands in for a key that is not set, the same in every process; production refuses it."""


def strong(secret: SecretStr) -> SecretStr:
    """Return a secret that can be used. Raises ValueError that does not repeat it."""
    if len(encoded(secret.get_secret_value())) < SHORTEST:
        raise ValueError(f"is shorter than {SHORTEST} bytes. Set it to the output of: {GENERATE}")
    key(secret.get_secret_value())  # refuses a public key, which everybody may know
    return secret


class SecretKeys:
    """The secrets, the newest first."""

    algorithms = (ALGORITHM,)

    def __init__(self, secrets: Iterable[str]) -> None:
        """Take one or more; the first one signs."""
        self._keys = [key(secret) for secret in secrets]

    async def find(self, _: str | None) -> Sequence[OctKey]:
        """Give them all: to try two is cheaper than to name one in each token."""
        return self._keys

    def sign(self, *, seconds: int, **claims: str) -> str:
        """Sign these claims, from now on and for so many seconds; typed as in RFC 9068."""
        now = int(time())
        whole = {**claims, "iat": now, "exp": now + seconds}
        header = {"alg": ALGORITHM, "typ": "at+jwt"}
        return jwt.encode(header, whole, self._keys[0], algorithms=self.algorithms)


def key(secret: str) -> OctKey:
    """Make a key of a secret. Raises ValueError if it is a public key."""
    return OctKey.import_key(encoded(secret))


def encoded(secret: str) -> bytes:
    """Give the bytes that a variable was set to, whatever they are."""
    return secret.encode(errors="surrogateescape")
