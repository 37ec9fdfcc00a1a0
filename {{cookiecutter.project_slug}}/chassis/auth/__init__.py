"""Authentication by bearer tokens, signed by this service or by an issuer it trusts."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field, SecretStr

from chassis.auth.bearer import Authenticated, requires
from chassis.auth.issuer_keys import IssuerKeys
from chassis.auth.principal import Principal
from chassis.auth.routes import make_router
from chassis.auth.secret_keys import DEVELOPMENT_KEY, GENERATE_COMMAND, SecretKeys, validate_secret
from chassis.auth.tokens import TokenVerifier
from chassis.environment.url import validate_http_url
from chassis.logs.libraries import silence_libraries
from chassis.service import Check, Feature, Seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chassis.auth.tokens import KeySource
    from chassis.service import Service

__all__ = ["Auth", "Authenticated", "Principal", "requires"]

INSECURE_KEY = (
    "is {}, so anybody can sign tokens. Set it to the output of: "
    f"{GENERATE_COMMAND}; or set AUTH_ISSUER to the issuer that signs them."
)


class Auth(Feature):
    """Which tokens are accepted, and for how long."""

    secret_key: Annotated[SecretStr, AfterValidator(validate_secret)] | None = None
    """Key that signs and verifies tokens, 32 bytes or more; unused if AUTH_ISSUER is set."""
    previous_secret_key: Annotated[SecretStr, AfterValidator(validate_secret)] | None = None
    """Key that verifies tokens but signs none: the old or the new one, during a rotation."""
    token_minutes: float = Field(default=15, gt=0, le=527_040)
    """Minutes for which a token that this service signs is valid, by default."""
    issuer: Annotated[str, AfterValidator(validate_http_url)] = ""
    """URL of the OpenID Connect issuer; if set, only its tokens are accepted."""
    audience: str = ""
    """Audience that a token must have; the name of the service if empty."""
    jwks_url: Annotated[str, AfterValidator(validate_http_url)] = ""
    """URL of the issuer's keys; discovered from the issuer if empty."""
    scope_claim: str = Field(default="scope", min_length=1)
    """Claim that lists the scopes, such as scope or scp."""
    leeway_seconds: int = Field(default=30, ge=0, le=120)
    """Seconds by which the clocks of signer and verifier may differ."""
    max_lifetime_minutes: int = Field(default=1440, gt=0, le=527_040)
    """Longest lifetime of a token in minutes; tokens with a longer one are rejected."""
    max_token_bytes: int = Field(default=8192, ge=512, le=65_536)
    """Most bytes of a token; must be less than SERVER_MAX_HEAD_BYTES."""
    keys_refresh_seconds: float = Field(default=300, ge=30, le=3600)
    """Seconds between fetches of the issuer's keys."""
    keys_max_age_seconds: Seconds = Field(default=86_400, ge=3600)
    """Seconds for which its keys are used while fetches fail."""

    def install(self, service: Service) -> None:
        """Provide the verifier of tokens and the route /me."""
        name = service.identity.name
        keys: KeySource = self._issuer_keys(service) if self.issuer else self._secret_keys()
        service.resources[TokenVerifier] = TokenVerifier(self, keys, name)
        service.routers.append(make_router())

    def insecure(self) -> Iterator[tuple[str, str]]:
        """Refuse a publicly known key, and issuers without TLS."""
        if not self.issuer and self.secret_key is None:
            yield "secret_key", INSECURE_KEY.format("not set")
        if not self.issuer:
            for field in ("secret_key", "previous_secret_key"):
                if getattr(self, field) == SecretStr(DEVELOPMENT_KEY):
                    yield field, INSECURE_KEY.format("the one of development")
        for field in ("issuer", "jwks_url"):
            if getattr(self, field).startswith("http:"):
                yield (
                    field,
                    "begins with http://, so anybody on the network can forge tokens. Use https://.",
                )

    def sign(
        self, service: str, subject: str, scopes: Iterable[str] = (), minutes: float | None = None
    ) -> str:
        """Sign a token for a service, for a test or a script.

        Raises ValueError if an issuer signs the tokens, or if this one would be rejected.
        """
        if self.issuer:
            raise ValueError("AUTH_ISSUER is set, so only the issuer signs tokens: get one there.")
        minutes = self.token_minutes if minutes is None else minutes
        if not 0 < minutes <= self.max_lifetime_minutes:
            most = f"AUTH_MAX_LIFETIME_MINUTES={self.max_lifetime_minutes}"
            raise ValueError(f"The lifetime must be more than 0 and at most {most} minutes.")
        return self._secret_keys().sign(
            iss=service,
            aud=self.audience or service,
            sub=subject,
            seconds=ceil(minutes * 60),
            **{self.scope_claim: " ".join(scopes)},
        )

    def _secret_keys(self) -> SecretKeys:
        secrets = (self.secret_key or SecretStr(DEVELOPMENT_KEY), self.previous_secret_key)
        return SecretKeys(secret.get_secret_value() for secret in secrets if secret)

    def _issuer_keys(self, service: Service) -> IssuerKeys:
        silence_libraries("httpx2", "httpcore2")
        keys = IssuerKeys(self)
        service.checks["issuer"] = Check(probe=keys.probe, gates="nothing")
        service.gauges["issuer_up"] = lambda: keys.is_up
        service.lifespans.append(keys.lifespan)
        return keys
