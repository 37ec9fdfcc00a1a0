"""Tells whether the service lives, has started and is ready, and what ails it."""

from __future__ import annotations

from hmac import compare_digest
from typing import TYPE_CHECKING, Literal

from pydantic import Field, SecretStr

from chassis.health.checks import Checks
from chassis.health.figures import Figures  # if metrics
from chassis.health.routes import PROBES, routes
from chassis.service import Feature

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.service import Service

SHORT = 32
GENERATE = "python -c 'import secrets; print(secrets.token_urlsafe(32))'"


class Health(Feature):
    """How often the checks on the board are run, and who may see what each one said."""

    cache_seconds: float = Field(default=1.0, ge=0, le=60)
    """Seconds for which a check's outcome stands before the check is run again."""
    timeout_seconds: float = Field(default=1.5, gt=0, lt=2)
    """Seconds after which a silent check counts as failed, even if it asks for more."""
    details: Literal["never", "token", "always"] = "token"
    """Who sees each check at /health: nobody, who sends HEALTH_TOKEN as a bearer token, or all."""
    token: SecretStr | None = None
    """Bearer token that shows the details, of 32 bytes or more."""

    def install(self, service: Service) -> None:
        """Answer probes from what is on the board by then."""
        checks = Checks(service, self.cache_seconds, self.timeout_seconds)
        service.routers.append(routes(service, checks, self.may_see))
        service.probes.update(PROBES)
        service.lifespans.append(Figures(service, checks).shown)  # if metrics

    def may_see(self, authorization: bytes) -> bool:
        """Tell whether the details may be shown to who sends this header; takes constant time."""
        if self.details != "token" or self.token is None:
            return self.details == "always"
        scheme, _, given = authorization.partition(b" ")
        return compare_digest(given.strip(), encoded(self.token)) and scheme.lower() == b"bearer"

    def insecure(self) -> Iterator[tuple[str, str]]:
        """Refuse details for everybody, and a token that can be guessed."""
        if self.details == "always":
            yield "details", "is 'always', which shows all what fails. Set it to token or never."
        if self.token and len(encoded(self.token)) < SHORT:
            yield (
                "token",
                f"is shorter than {SHORT} bytes. Set it to the output of: {GENERATE}",
            )


def encoded(token: SecretStr) -> bytes:
    """Give the bytes that a variable was set to, whatever they are."""
    return token.get_secret_value().encode(errors="surrogateescape")
