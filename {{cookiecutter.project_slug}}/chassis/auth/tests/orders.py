"""A service that asks for tokens, and logs all there is to log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter

from chassis.application import Application
from chassis.auth import Auth, Authenticated, Principal, requires
from chassis.auth.tests.forge import SERVICE
from chassis.logs import Log
from chassis.problems import Problems
from chassis.service import Identity, Service

if TYPE_CHECKING:
    from fastapi import FastAPI

router = APIRouter()
admin = APIRouter(prefix="/admin", dependencies=[requires("admin")])


@router.get("/open")
async def open_to_all() -> str:
    return "open"


@router.post("/parcels", dependencies=[requires("parcels:write")])
async def write() -> str:
    return "written"


@router.get("/parcels")
async def read(who: Annotated[Principal, requires("parcels:read", "parcels:list")]) -> str:
    return who.subject


@admin.delete("/parcels")
async def purge(who: Authenticated) -> str:
    return who.subject


def board(auth: Auth) -> Service:
    service = Service(identity=Identity(name=SERVICE), environment="test")
    for feature in (Log(level="DEBUG", levels={"uvicorn": "DEBUG"}), Problems(), auth):
        feature.install(service)
    service.routers += [router, admin]
    return service


def orders(auth: Auth) -> FastAPI:
    return Application(board(auth))
