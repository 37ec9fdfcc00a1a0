"""Parses an issuer's key set (JWKS), and keeps the keys that can verify a signature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from joserfc.jwk import RSAKey, import_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from joserfc.jwk import Key

ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
"""Signatures by a key pair. Not HS256: a public key must never be used as a secret."""
KEY_TYPES = {"RSA", "EC", "OKP"}
MIN_RSA_BITS = 2048
"""Least bits of an RSA key (RFC 7518, section 3.3)."""


def parse_key_set(document: object) -> dict[str | None, Key]:
    """Return the keys by id; None is the id of a single key. Raises ValueError if there is none.

    Keys for other uses, or of unknown types, are ignored (RFC 7517, section 5).
    """
    entries = document.get("keys") if isinstance(document, dict) else None
    keys = list(_verification_keys(entries if isinstance(entries, list) else []))
    if not keys:
        raise ValueError("the key set has no key that verifies signatures")
    by_name: dict[str | None, Key] = {key.kid: key for key in keys if key.kid is not None}
    return by_name | ({None: keys[0]} if len(keys) == 1 else {})


def _verification_keys(entries: list[Any]) -> Iterator[Key]:
    for entry in entries:
        try:
            if entry["kty"] not in KEY_TYPES or entry.get("use", "sig") != "sig":
                continue
            if entry.get("alg", ALGORITHMS[0]) not in ALGORITHMS:
                continue
            key = import_key(entry)
            key.get_op_key("verify")  # raises for a key for other operations
        except Exception:  # noqa: BLE001, S112 - an issuer may list anything
            continue
        if not isinstance(key, RSAKey) or key.public_key.key_size >= MIN_RSA_BITS:
            yield key
