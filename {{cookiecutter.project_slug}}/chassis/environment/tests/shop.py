"""A shop's settings in two environments, one of which must be given everything."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from chassis.environment import Aliases, Environment, Names
from chassis.service import Feature


class Shop(Feature):
    """A feature to configure."""

    port: int = Field(default=80, ge=1)
    """TCP port."""
    page_size: Annotated[int, Aliases("PAGE_ENTRIES", "PAGE_LINES")] = 10
    """Entries on a page."""
    hosts: Names = ()
    """Names of the shop."""
    token: SecretStr | None = None
    """Shared secret."""
    url: str = ""
    """Where the goods are."""

    @field_validator("url")
    @classmethod
    def _has_a_scheme(cls, url: str) -> str:
        if url and "://" not in url:
            raise ValueError("should begin with a scheme")
        return url

    def insecure(self) -> Iterator[tuple[str, str]]:
        if not self.hosts:
            yield "hosts", "is empty. Name the hosts."

    def unencrypted(self) -> Iterator[tuple[str, str]]:
        if self.url.startswith("http:"):
            yield "url", "is without TLS."


class Payment(Feature):
    """A feature that cannot do without its variable."""

    account: str
    """Account that is paid."""


class Local(Environment):
    """Has defaults of its own."""

    model_config = SettingsConfigDict(secrets_dir=None)
    reads_files = True
    shop: Shop = Shop(page_size=3)


class Remote(Environment):
    """All of its settings are required."""

    strict = True
    shop: Shop = Shop()
    payment: Payment


ENVIRONMENTS: tuple[type[Environment], ...] = (Local, Remote)
