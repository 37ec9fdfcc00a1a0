"""The routes of quotes; if a call fails, they return the last known quote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import httpx2
from fastapi import APIRouter, Path
from pydantic import BaseModel, FiniteFloat, ValidationError

from app.quotes.api import QuotesClient
from chassis.problems import Problem

if TYPE_CHECKING:
    from app.quotes import Quotes

NOT_FOUND = 404
Symbol = Annotated[str, Path(pattern=r"^[A-Z]{1,8}$")]


class Quote(BaseModel):
    """The price of a symbol."""

    symbol: str
    price: FiniteFloat
    stale: bool = False
    """Whether it is an earlier quote, because the call for a new one failed."""


def routes(settings: Quotes) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/quotes", tags=["quotes"])
    known: dict[str, Quote] = {}

    @router.get("/{symbol}")
    async def read_quote(symbol: Symbol, api: QuotesClient) -> Quote:
        """Return the quote, or the last known one."""
        try:
            found = await look_up(api, symbol)
        except httpx2.HTTPError:
            if symbol not in known:
                raise
            return known[symbol].model_copy(update={"stale": True})
        known.pop(symbol, None)
        known[symbol] = found
        if len(known) > settings.kept:
            del known[next(iter(known))]
        return found

    return router


async def look_up(api: QuotesClient, symbol: str) -> Quote:
    """Call the service. Raises `Problem` 404, or `httpx2.HTTPError` if it fails."""
    answer = await api.get(f"/quotes/{symbol}")
    if answer.status_code == NOT_FOUND:
        raise Problem(404, "There is no such symbol.")
    try:
        return Quote.model_validate_json(answer.raise_for_status().content)
    except ValidationError as error:
        raise httpx2.DecodingError("the response is not a quote", request=answer.request) from error
