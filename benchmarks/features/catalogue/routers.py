"""Thirty routes in six routers, with response models and a dependency.

As FastAPI's documentation makes them, "Bigger Applications"; the very same file is measured in a
carved service and in bare FastAPI.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel


class Page(BaseModel):
    """Part of a list that is asked for."""

    offset: int
    limit: int


async def page(
    offset: Annotated[int, Query(ge=0)] = 0, limit: Annotated[int, Query(le=100)] = 3
) -> Page:
    """Read it from the query."""
    return Page(offset=offset, limit=limit)


class Tenant(BaseModel):
    """Whose data it is."""

    name: str


async def tenant() -> Tenant:
    """Find it."""
    return Tenant(name="acme")


class Draft(BaseModel):
    """What a client says of a thing."""

    name: str
    price: float
    tags: list[str] = []


class Thing(Draft):
    """What is kept of it."""

    id: int
    owner: str


def router(kind: str) -> APIRouter:
    """Make the five routes of one kind."""
    made = APIRouter(prefix=f"/{kind}", tags=[kind])

    def thing(number: int, owner: Tenant) -> Thing:
        return Thing(
            id=number, name=f"{kind} {number}", price=1.5, tags=["a", "b"], owner=owner.name
        )

    @made.get("", name=f"list_{kind}")
    async def list_things(
        page: Annotated[Page, Depends(page)], owner: Annotated[Tenant, Depends(tenant)]
    ) -> list[Thing]:
        return [thing(number, owner) for number in range(page.offset, page.offset + page.limit)]

    @made.post("", name=f"add_{kind}")
    async def add_thing(draft: Draft, owner: Annotated[Tenant, Depends(tenant)]) -> Thing:
        return Thing(id=1, owner=owner.name, **draft.model_dump())

    @made.get("/{number}", name=f"get_{kind}")
    async def get_thing(number: int, owner: Annotated[Tenant, Depends(tenant)]) -> Thing:
        return thing(number, owner)

    @made.put("/{number}", name=f"replace_{kind}")
    async def replace_thing(
        number: int, draft: Draft, owner: Annotated[Tenant, Depends(tenant)]
    ) -> Thing:
        return Thing(id=number, owner=owner.name, **draft.model_dump())

    @made.delete("/{number}", name=f"delete_{kind}")
    async def delete_thing(number: int, owner: Annotated[Tenant, Depends(tenant)]) -> Thing:
        return thing(number, owner)

    return made


routers = [
    router(name)
    for name in ("customers", "products", "orders", "invoices", "shipments", "suppliers")
]
