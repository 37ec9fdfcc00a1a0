"""Verifies tokens: the signature, and each claim that must be present."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwt import JWTClaimsRegistry

from chassis.auth.principal import Principal
from chassis.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from joserfc.jwk import Key
    from joserfc.jws import CompactSignature

    from chassis.auth import Auth

    class KeySource(Protocol):
        """Where the keys come from."""

        @property
        def algorithms(self) -> Collection[str]:
            """The algorithms allowed for their signatures."""

        async def find(self, kid: str | None, /) -> Sequence[Key]:
            """Return the keys to try, by the key id in a token's header.

            Raises `TokenRejected` if there are none, `Problem` 503 if they cannot be fetched.
            """


ACCESS_TOKEN_TYPES = {"at+jwt", "jwt"}
"""Accepted values of the header `typ` (media types without application/), which may be missing.

RFC 9068, section 4, requires at+jwt; many issuers use JWT or nothing. Any other marks a token for
another purpose (RFC 8725, section 3.11), such as logout+jwt or dpop+jwt.
"""


class TokenRejected(Exception):  # noqa: N818 - it is a result, not a fault of the code
    """A token is rejected; the reason contains no part of it."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Algorithms(jws.JWSRegistry):
    """The allowed algorithms, without the library's warning that RFC 9864 renames EdDSA."""

    max_header_length = 4096
    """Most characters of a token's header; some issuers include their certificates."""

    def __init__(self, names: Collection[str]) -> None:
        super().__init__(algorithms=names, strict_check_header=False)
        self._models = {name: self.algorithms[name] for name in names}

    def get_alg(self, name: str) -> Any:  # noqa: ANN401 - the class has no public name
        """Return an algorithm. Raises UnsupportedAlgorithmError unless it is allowed."""
        if name not in self._models:
            raise UnsupportedAlgorithmError
        return self._models[name]


class TokenVerifier:
    """Turns a token into a principal."""

    def __init__(self, settings: Auth, keys: KeySource, service: str) -> None:
        """Accept tokens that are signed by these keys for this service."""
        self._settings = settings
        self._keys = keys
        self._algorithms = Algorithms(keys.algorithms)
        self._claims = JWTClaimsRegistry(
            leeway=settings.leeway_seconds,
            iss={"essential": True, "value": settings.issuer or service},
            aud={"essential": True, "value": settings.audience or service},
            sub={"essential": True},
            iat={"essential": True},
            exp={"essential": True},
        )

    async def verify(self, token: bytes) -> Principal:
        """Return the principal of the token.

        Raises `TokenRejected` if it is not valid, `Problem` 503 if the keys cannot be fetched.
        """
        with reject_invalid():
            signature = self._parse(token)
        keys = await self._keys.find(signature.headers().get("kid"))
        with reject_invalid():
            return self._check(signature, keys)

    def _parse(self, token: bytes) -> CompactSignature:
        if len(token) > self._settings.max_token_bytes:
            raise TokenRejected("too_long")
        signature = jws.extract_compact(token, registry=self._algorithms)
        headers = signature.headers()
        if "crit" in headers:  # it requires an extension, and none is supported
            raise TokenRejected("unsupported_header")
        self._algorithms.check_header(headers)
        if headers.get("typ", "jwt").lower().removeprefix("application/") not in ACCESS_TOKEN_TYPES:
            raise TokenRejected("wrong_type")
        self._algorithms.get_alg(headers["alg"])  # before any key is fetched
        return signature

    def _check(self, signature: CompactSignature, keys: Sequence[Key]) -> Principal:
        algorithms = self._algorithms
        if not any(jws.validate_compact(signature, key, registry=algorithms) for key in keys):
            raise TokenRejected("bad_signature")
        claims = json.loads(signature.payload)
        self._claims.validate(claims)
        if claims["exp"] - claims["iat"] > self._settings.max_lifetime_minutes * 60:
            raise TokenRejected("valid_for_too_long")
        claim = claims.get(self._settings.scope_claim) or ""
        scopes = claim if isinstance(claim, str) else " ".join(claim)  # issuers use both
        if not f"{claims['sub']}{scopes}".isprintable():  # control characters, lone surrogates
            raise TokenRejected("unprintable")
        return Principal(claims["sub"], frozenset(scopes.split()), claims)


@contextmanager
def reject_invalid() -> Iterator[None]:
    """Reject a token on any error in reading it, and keep no part of it."""
    try:
        yield
    except (TokenRejected, Problem):
        raise
    except JoseError as error:
        raise TokenRejected(error.error) from None
    except Exception:  # noqa: BLE001 - libraries raise more than they say: RecursionError, TypeError
        raise TokenRejected("malformed") from None
