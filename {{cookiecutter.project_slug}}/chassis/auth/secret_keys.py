"""The service's own keys: the current secret signs tokens; it and the previous one verify them."""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING

from joserfc import jwt
from joserfc.jwk import OctKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pydantic import SecretStr

ALGORITHM = "HS256"
MIN_BYTES = 32
"""Least bytes of a key: the size of its hash (RFC 7518, section 3.2)."""
GENERATE_COMMAND = "python -c 'import secrets; print(secrets.token_urlsafe(32))'"
DEVELOPMENT_KEY = "a key for development, which everybody knows"
"""The default key, the same in every process; production refuses it."""


def validate_secret(secret: SecretStr) -> SecretStr:
    """Return the secret unchanged. Raises ValueError, which does not repeat it."""
    key = secret.get_secret_value()
    if len(key.encode(errors="surrogateescape")) < MIN_BYTES:  # joserfc only warns, and of fewer
        raise ValueError(
            f"is shorter than {MIN_BYTES} bytes. Set it to the output of: {GENERATE_COMMAND}"
        )
    import_secret(key)  # raises for a public key
    return secret


class SecretKeys:
    """The secrets, the current one first."""

    algorithms = (ALGORITHM,)

    def __init__(self, secrets: Iterable[str]) -> None:
        """Take one or more; the first signs."""
        self._keys = [import_secret(secret) for secret in secrets]

    async def find(self, _: str | None) -> Sequence[OctKey]:
        """Return all keys: trying two is cheaper than a key id in each token."""
        return self._keys

    def sign(self, *, seconds: int, **claims: str) -> str:
        """Sign these claims as an `at+jwt` (RFC 9068) that is valid for `seconds` from now on."""
        now = int(time())
        payload = {**claims, "iat": now, "exp": now + seconds}
        header = {"alg": ALGORITHM, "typ": "at+jwt"}
        return jwt.encode(header, payload, self._keys[0], algorithms=self.algorithms)


def import_secret(secret: str) -> OctKey:
    """Make a key from the bytes of a variable. Raises ValueError if it is a public key."""
    return OctKey.import_key(secret.encode(errors="surrogateescape"))
