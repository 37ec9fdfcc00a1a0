"""Caches an issuer's keys: a known key needs no wait, an unknown key id causes a fetch."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from contextvars import Context
from math import inf
from time import monotonic
from typing import TYPE_CHECKING

import httpx2

from chassis.auth.jwks import ALGORITHMS, parse_key_set
from chassis.auth.tokens import TokenRejected
from chassis.problems import Problem
from chassis.timing import track

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from joserfc.jwk import Key

    from chassis.auth import Auth

MIN_FETCH_INTERVAL = 10.0
"""Shortest time between two fetches, in seconds."""
TIMEOUT = 3.0
"""Deadline of a fetch, in seconds."""

logger = logging.getLogger(__name__)


class IssuerKeys:
    """The keys of an issuer."""

    algorithms = ALGORITHMS

    def __init__(self, settings: Auth) -> None:
        self._settings = settings
        self._keys: dict[str | None, Key] = {}
        self._error: Exception | None = LookupError("not yet fetched")
        self._fetched_at = self._next_fetch_at = -inf
        self._fetching: asyncio.Task[None] | None = None

    @property
    def is_up(self) -> bool:
        """Whether the latest fetch succeeded."""
        return self._error is None

    async def probe(self) -> None:
        """Raise the error of the latest fetch, if it failed."""
        if self._error:
            raise self._error

    async def find(self, kid: str | None) -> Sequence[Key]:
        """Return the key with this id; an unknown id causes a fetch, but not too often."""
        if kid not in self._keys:
            await self.refresh()
        if monotonic() - self._fetched_at > self._settings.keys_max_age_seconds:
            retry = {"Retry-After": f"{MIN_FETCH_INTERVAL:.0f}"}
            raise Problem(503, "The keys that verify tokens cannot be fetched.", headers=retry)
        if kid not in self._keys:
            raise TokenRejected("unknown_key")
        return [self._keys[kid]]

    async def refresh(self) -> None:
        """Fetch the keys, unless just tried; concurrent callers share one fetch."""
        if self._fetching is None or self._fetching.done():
            if monotonic() < self._next_fetch_at:
                return
            self._next_fetch_at = monotonic() + MIN_FETCH_INTERVAL
            self._fetching = asyncio.create_task(self._fetch(), context=Context())
        # Unlike await, cancelling a caller does not cancel the fetch.
        await asyncio.wait({self._fetching})

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Refresh the keys while the service runs; it starts without waiting for them."""
        async with httpx2.AsyncClient(
            timeout=TIMEOUT,
            verify=httpx2.create_ssl_context(),  # SSL_CERT_FILE replaces the system's authorities
            trust_env=False,  # neither proxies nor ~/.netrc, as for every client here
        ) as self._client:
            refreshing = asyncio.create_task(self._refresh_periodically())
            try:
                yield
            finally:
                tasks = [task for task in (refreshing, self._fetching) if task]
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)

    async def _refresh_periodically(self) -> None:
        while True:
            await self.refresh()
            await asyncio.sleep(
                self._settings.keys_refresh_seconds if self.is_up else MIN_FETCH_INTERVAL
            )

    async def _fetch(self) -> None:
        try:
            async with asyncio.timeout(TIMEOUT):
                with track("issuer.keys"):
                    url = self._settings.jwks_url or await self._discover_jwks_url()
                    self._keys = parse_key_set(await self._fetch_json(url))
        except Exception as error:  # noqa: BLE001 - a response may be anything
            if type(error) is not type(self._error):
                logger.warning("fetching the issuer's keys failed", extra={"error": repr(error)})
            self._error = error
        else:
            if not self.is_up:
                logger.info("issuer's keys fetched")
            self._error, self._fetched_at = None, monotonic()

    async def _discover_jwks_url(self) -> str:
        """Return the URL of the keys, by OpenID Connect Discovery."""
        issuer = self._settings.issuer
        document = await self._fetch_json(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if not isinstance(document, dict) or document.get("issuer") != issuer:
            raise ValueError("the issuer's discovery document has another issuer than AUTH_ISSUER")
        jwks_url = str(document.get("jwks_uri"))
        if issuer.startswith("https:") and not jwks_url.startswith("https:"):
            raise ValueError("the issuer serves its keys without TLS")
        return jwks_url

    async def _fetch_json(self, url: str) -> object:
        response = await self._client.get(url)
        response.raise_for_status()  # also for a redirect, which is not followed
        document: object = response.json()
        return document
