"""The service that knows the quotes."""

from __future__ import annotations

from typing import Annotated, ClassVar

from fastapi import Depends

from chassis.outbound import Client, Outbound


class QuotesApi(Outbound):
    """Where that service is, and what may be spent on calling it."""

    dependency: ClassVar[str] = "quotes"


QuotesClient = Annotated[Client, Depends(QuotesApi.client)]
"""Calls it: `async def route(api: QuotesClient)`."""
