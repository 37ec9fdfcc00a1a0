"""Reports unhandled errors and log lines at error to a collector of Sentry's protocol."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field, SecretStr

from chassis.environment import Aliases
from chassis.service import Feature

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.service import Service

__all__ = ["Errors"]

DSN = re.compile(
    r"https?://[\w.-]+(:[\w.-]+)?@(\[[0-9a-fA-F:]+\]|[\w.-]+)(:\d{1,5})?/([\w.-]+/)*\d+"
)


def _check_dsn(dsn: SecretStr) -> SecretStr:
    if dsn and not DSN.fullmatch(dsn.get_secret_value()):
        raise ValueError("should be a DSN such as https://KEY@collector.example.com/1")
    return dsn


class Errors(Feature):
    """Where errors are reported, how many of them, and the limits."""

    dsn: Annotated[SecretStr, Aliases("SENTRY_DSN"), AfterValidator(_check_dsn)] = SecretStr("")
    """DSN of the project, such as https://KEY@collector.example.com/1; empty: no reports."""
    ratio: float = Field(default=1, ge=0, le=1)
    """Share of the errors that are reported."""
    max_per_minute: int = Field(default=60, ge=1)
    """Most errors reported per minute; further ones are dropped."""
    timeout_seconds: int = Field(default=5, ge=1, le=60)
    """Timeout in seconds of sending a report."""
    flush_seconds: float = Field(default=1, ge=0, le=2)
    """Seconds for which queued reports are still sent when the service stops."""

    def unencrypted(self) -> Iterator[tuple[str, str]]:
        """Yield the DSN if reports would be sent without TLS."""
        if self.dsn.get_secret_value().startswith("http:"):
            yield "dsn", "sends reports without TLS. Use https."

    def install(self, service: Service) -> None:
        """Report errors; without a DSN, import and install nothing."""
        if self.dsn:
            from chassis.errors.installation import install_errors  # noqa: PLC0415 - slow import

            install_errors(self, service)
