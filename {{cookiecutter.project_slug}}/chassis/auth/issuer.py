"""Keeps the keys of an issuer at hand: known ones are never waited for, new ones asked for."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import asynccontextmanager
from contextvars import Context
from math import inf
from time import monotonic
from typing import TYPE_CHECKING

import httpx2

from chassis.auth.address import is_private
from chassis.auth.jwks import ALGORITHMS, usable
from chassis.auth.tokens import Refused
from chassis.problems import Problem
from chassis.timing import track

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from joserfc.jwk import Key

    from chassis.auth import Auth

PAUSE = 10.0
"""Seconds between two fetches at least, whatever is asked for."""
TIMEOUT = 3.0
"""Seconds that a fetch may take in all."""
LARGEST = 262_144
"""Bytes that a document may have."""

logger = logging.getLogger(__name__)


class IssuerKeys:
    """The keys of an issuer."""

    algorithms = ALGORITHMS

    def __init__(self, settings: Auth) -> None:
        """Begin without keys."""
        self._settings = settings
        self._keys: dict[str | None, Key] = {}
        self._error: Exception | None = LookupError("not yet fetched")
        self._fetched = self._next = -inf
        self._run: asyncio.Task[None] | None = None

    @property
    def up(self) -> bool:
        """Whether the latest fetch succeeded."""
        return self._error is None

    async def probe(self) -> None:
        """Raise what the latest fetch did."""
        if self._error:
            raise self._error

    async def find(self, kid: str | None) -> Sequence[Key]:
        """Give the key of this name; one that is not known is worth a fetch now and then."""
        if kid not in self._keys:
            await self.refresh()
        if monotonic() - self._fetched > self._settings.keys_max_age_seconds:
            retry = {"Retry-After": f"{PAUSE:.0f}"}
            raise Problem(503, "The keys that verify tokens cannot be had.", headers=retry)
        if kid not in self._keys:
            raise Refused("unknown_key")
        return [self._keys[kid]]

    async def refresh(self) -> None:
        """Fetch the keys, unless that was tried a moment ago; all who wait at once share one."""
        if self._run is None or self._run.done():
            if monotonic() < self._next:
                return
            self._next = monotonic() + PAUSE
            self._run = asyncio.create_task(self._fetch(), context=Context())
        await asyncio.wait({self._run})  # unlike awaiting it, leaving early cancels nobody's run

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Keep the keys up to date while the service runs; it starts without waiting for them."""
        headers = {"accept": "application/json", "accept-encoding": "identity"}
        async with httpx2.AsyncClient(headers=headers, timeout=TIMEOUT) as self._client:
            keeper = asyncio.create_task(self._keep())
            try:
                yield
            finally:
                tasks = [task for task in (keeper, self._run) if task]
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)

    async def _keep(self) -> None:
        while True:
            await self.refresh()
            await asyncio.sleep(self._settings.keys_refresh_seconds if self.up else PAUSE)

    async def _fetch(self) -> None:
        try:
            async with asyncio.timeout(TIMEOUT):
                with track("issuer.keys"):
                    self._keys = usable(await self._get(await self._address()))
        except Exception as error:  # noqa: BLE001 - what an issuer answers may break anything
            if type(error) is not type(self._error):
                logger.warning("the issuer's keys could not be fetched: %r", error)
            self._error = error
        else:
            if not self.up:
                logger.info("the issuer's keys have been fetched")
            self._error, self._fetched = None, monotonic()

    async def _address(self) -> str:
        """Ask the issuer where its keys are, as OpenID Connect Discovery has it."""
        issuer = self._settings.issuer
        if self._settings.jwks_url:
            return self._settings.jwks_url
        document = await self._get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if not isinstance(document, dict) or document.get("issuer") != issuer:
            raise ValueError("the issuer calls itself otherwise than AUTH_ISSUER does")
        address = str(document.get("jwks_uri"))
        if not is_private(address) and is_private(issuer):
            raise ValueError("the issuer gives its keys over an open line")
        return address

    async def _get(self, url: str) -> object:
        body = b""
        async with self._client.stream("GET", url) as answer:
            if answer.status_code != httpx2.codes.OK:
                raise ValueError(f"{url} answers {answer.status_code}")
            async for part in answer.aiter_raw():
                body += part
                if len(body) > LARGEST:
                    raise ValueError(f"{url} answers more than {LARGEST} bytes")
        document: object = json.loads(body)
        return document
