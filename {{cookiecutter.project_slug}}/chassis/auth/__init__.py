"""Tells who asks: bearer tokens that this service signs, or that an issuer it trusts does."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field, SecretStr

from chassis.auth.address import is_private, valid
from chassis.auth.bearer import Authenticated, requires
from chassis.auth.issuer import IssuerKeys
from chassis.auth.principal import Principal
from chassis.auth.routes import routes
from chassis.auth.secret import DEVELOPMENT_KEY, GENERATE, SecretKeys, strong
from chassis.auth.tokens import Tokens
from chassis.service import Check, Feature

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chassis.auth.tokens import Keys
    from chassis.service import Service

__all__ = ["Auth", "Authenticated", "Principal", "requires"]

KNOWN = (
    "is {}, so anybody can sign tokens. Set it to the output of: "
    f"{GENERATE}; or set AUTH_ISSUER to who signs them."
)


class Auth(Feature):
    """Whose tokens are accepted, and for how long."""

    secret_key: Annotated[SecretStr, AfterValidator(strong)] | None = None
    """Signs and verifies tokens, 32 bytes or more; unused where AUTH_ISSUER is set."""
    previous_secret_key: Annotated[SecretStr, AfterValidator(strong)] | None = None
    """Verifies tokens too, but signs none: the key before, or the next one, during a change."""
    token_minutes: float = Field(default=15, gt=0)
    """Minutes for which a token that is signed here is valid, unless told otherwise."""
    issuer: Annotated[str, AfterValidator(valid)] = ""
    """Address of the OpenID Connect issuer whose tokens alone are accepted; empty is none."""
    audience: str = ""
    """Audience that a token must name; the name of the service if empty."""
    jwks_url: Annotated[str, AfterValidator(valid)] = ""
    """Address of the issuer's keys; asked of the issuer if empty."""
    scope_claim: str = Field(default="scope", min_length=1)
    """Claim that lists the scopes: scope, or what the issuer calls it, such as scp."""
    leeway_seconds: int = Field(default=30, ge=0, le=120)
    """Seconds by which the clocks of who signs and who verifies may differ."""
    max_lifetime_minutes: int = Field(default=1440, gt=0)
    """Minutes between the issue and the expiry of a token, beyond which it is refused."""
    max_token_bytes: int = Field(default=8192, ge=512, le=65_536)
    """Bytes that a token may have; SERVER_MAX_HEAD_BYTES has to leave room for it."""
    keys_refresh_seconds: float = Field(default=300, ge=30, le=3600)
    """Seconds after which the issuer's keys are fetched again."""
    keys_max_age_seconds: float = Field(default=86_400, ge=3600)
    """Seconds for which its keys are used while they cannot be fetched again."""

    def install(self, service: Service) -> None:
        """Hand out what verifies tokens, and show who asks at /me."""
        name = service.identity.name
        keys: Keys = self._issuer_keys(service) if self.issuer else self._secret_keys()
        service.resources[Tokens] = Tokens(self, keys, name)
        service.routers.append(routes())

    def insecure(self) -> Iterator[tuple[str, str]]:
        """Refuse a key that everybody knows, and keys that come over an open line."""
        if not self.issuer and self.secret_key is None:
            yield "secret_key", KNOWN.format("not set")
        if not self.issuer:
            for field in ("secret_key", "previous_secret_key"):
                if getattr(self, field) == SecretStr(DEVELOPMENT_KEY):
                    yield field, KNOWN.format("the one of development")
        for field in ("issuer", "jwks_url"):
            if not is_private(getattr(self, field)):
                yield field, "begins with http://, so anybody on the way can forge. Use https://."

    def sign(
        self, service: str, subject: str, scopes: Iterable[str] = (), minutes: float | None = None
    ) -> str:
        """Sign a token for a service, such as a test or a script needs.

        Raises ValueError if an issuer signs the tokens, or if this one would be refused.
        """
        if self.issuer:
            raise ValueError("AUTH_ISSUER signs the tokens of this service: ask it for one.")
        minutes = self.token_minutes if minutes is None else minutes
        if not 0 < minutes <= self.max_lifetime_minutes:
            most = f"AUTH_MAX_LIFETIME_MINUTES={self.max_lifetime_minutes}"
            raise ValueError(f"A token is valid for more than 0 minutes and at most {most}.")
        scope = " ".join(scopes)
        if not subject or not f"{subject}{scope}".isprintable():
            raise ValueError("A token names its subject, and holds no control characters.")
        return self._secret_keys().sign(
            iss=service,
            aud=self.audience or service,
            sub=subject,
            seconds=ceil(minutes * 60),
            **{self.scope_claim: scope},
        )

    def _secret_keys(self) -> SecretKeys:
        secrets = (self.secret_key or SecretStr(DEVELOPMENT_KEY), self.previous_secret_key)
        return SecretKeys(secret.get_secret_value() for secret in secrets if secret)

    def _issuer_keys(self, service: Service) -> IssuerKeys:
        keys = IssuerKeys(self)
        service.checks["issuer"] = Check(probe=keys.probe, gates="nothing")
        service.gauges["issuer_up"] = lambda: keys.up
        service.lifespans.append(keys.lifespan)
        return keys
