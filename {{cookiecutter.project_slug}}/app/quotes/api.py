"""The client of the service that has the quotes."""

from __future__ import annotations

from typing import Annotated, ClassVar

from fastapi import Depends

from chassis.outbound import Client, Outbound


class QuotesApi(Outbound):
    """Address of the service, and the limits of calls to it."""

    dependency: ClassVar[str] = "quotes"


QuotesClient = Annotated[Client, Depends(QuotesApi.client)]
"""Client of the service: `async def route(api: QuotesClient)`."""
