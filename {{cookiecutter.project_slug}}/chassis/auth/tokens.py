"""Verifies tokens: the signature by a key that fits, and each claim that must be there."""

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

    class Keys(Protocol):
        """Where the keys come from."""

        @property
        def algorithms(self) -> Collection[str]:
            """What their signatures may be made with."""

        async def find(self, kid: str | None, /) -> Sequence[Key]:
            """Give the keys to try, by the name in a token's header.

            Raises `Refused` if there are none, `Problem` 503 if that cannot be said now.
            """


class Refused(Exception):  # noqa: N818 - it is an answer, not an accident
    """A token is not accepted; the reason holds no part of it."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Algorithms(jws.JWSRegistry):
    """The algorithms allowed, without the library's warning about EdDSA's name in RFC 9864."""

    max_header_length = 4096
    """Characters of a token's header; some issuers put their certificates in it."""

    def __init__(self, names: Collection[str]) -> None:
        super().__init__(algorithms=names, strict_check_header=False)
        self._models = {name: self.algorithms[name] for name in names}

    def get_alg(self, name: str) -> Any:  # noqa: ANN401 - the class has no public name
        """Give an algorithm. Raises UnsupportedAlgorithmError unless it is allowed."""
        if name not in self._models:
            raise UnsupportedAlgorithmError
        return self._models[name]


class Tokens:
    """Turns a token into a principal."""

    def __init__(self, settings: Auth, keys: Keys, service: str) -> None:
        """Accept what is signed by these keys for this service."""
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
        """Say who brings this token.

        Raises `Refused` if it is not valid, `Problem` 503 if the keys cannot be had.
        """
        with refusing():
            signature = self._parse(token)
        keys = await self._keys.find(signature.headers().get("kid"))
        with refusing():
            return self._read(signature, keys)

    def _parse(self, token: bytes) -> CompactSignature:
        if len(token) > self._settings.max_token_bytes:
            raise Refused("too_long")
        signature = jws.extract_compact(token, registry=self._algorithms)
        headers = signature.headers()
        if "crit" in headers:  # it demands an extension, and none is known here
            raise Refused("unsupported_header")
        self._algorithms.check_header(headers)
        self._algorithms.get_alg(headers["alg"])  # before anybody is asked for keys
        return signature

    def _read(self, signature: CompactSignature, keys: Sequence[Key]) -> Principal:
        algorithms = self._algorithms
        if not any(jws.validate_compact(signature, key, registry=algorithms) for key in keys):
            raise Refused("bad_signature")
        claims = json.loads(signature.payload)
        self._claims.validate(claims)
        if claims["exp"] - claims["iat"] > self._settings.max_lifetime_minutes * 60:
            raise Refused("valid_for_too_long")
        given = claims.get(self._settings.scope_claim) or ""
        scopes = given if isinstance(given, str) else " ".join(given)  # issuers write both
        if not f"{claims['sub']}{scopes}".isprintable():  # control characters, lone surrogates
            raise Refused("unprintable")
        return Principal(claims["sub"], frozenset(scopes.split()), claims)


@contextmanager
def refusing() -> Iterator[None]:
    """Refuse a token whatever an attempt to read it raises, and keep no part of it."""
    try:
        yield
    except (Refused, Problem):
        raise
    except JoseError as error:
        raise Refused(error.error) from None
    except Exception:  # noqa: BLE001 - libraries raise more than they say: RecursionError, TypeError
        raise Refused("malformed") from None
