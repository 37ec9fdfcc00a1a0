"""Health endpoints: liveness, readiness, startup, and the details of each check."""

from __future__ import annotations

from hmac import compare_digest
from typing import TYPE_CHECKING, Literal

from pydantic import Field, SecretStr

from chassis.health.checks import Checks
from chassis.health.gauges import HealthGauges  # if metrics
from chassis.health.routes import PROBES, routes
from chassis.service import Feature, Seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.service import Service

__all__ = ["Health"]

MIN_TOKEN_BYTES = 32
GENERATE = "python -c 'import secrets; print(secrets.token_urlsafe(32))'"


class Health(Feature):
    """How often checks run, and who may see their results."""

    cache_seconds: float = Field(default=1.0, ge=0, le=60)
    """Seconds for which the result of a check is kept before it runs again."""
    timeout_seconds: Seconds = Field(default=1.5, lt=2)
    """Seconds after which a check times out, even if its own timeout is longer."""
    details: Literal["never", "token", "always"] = "token"
    """Who sees each check at /health: nobody, clients with HEALTH_TOKEN as bearer token, or all."""
    token: SecretStr | None = None
    """Bearer token that shows the details, of 32 bytes or more."""

    def install(self, service: Service) -> None:
        """Add the routes of the probes."""
        checks = Checks(service, self.cache_seconds, self.timeout_seconds)
        service.routes += routes(service, checks, self.may_see_details)
        service.probes.update(PROBES)
        service.lifespans.append(HealthGauges(service, checks).lifespan)  # if metrics

    def may_see_details(self, authorization: bytes) -> bool:
        """Return whether this Authorization header may see the details, in constant time."""
        if self.details != "token" or self.token is None:
            return self.details == "always"
        scheme, _, given = authorization.partition(b" ")
        expected = self.token.get_secret_value().encode()
        return compare_digest(given.strip(), expected) and scheme.lower() == b"bearer"

    def insecure(self) -> Iterator[tuple[str, str]]:
        """Reject details for everybody, and a short token."""
        if self.details == "always":
            yield (
                "details",
                "is 'always', which shows failures to everybody. Set it to token or never.",
            )
        if self.token and len(self.token.get_secret_value().encode()) < MIN_TOKEN_BYTES:
            yield (
                "token",
                f"is shorter than {MIN_TOKEN_BYTES} bytes. Set it to the output of: {GENERATE}",
            )
