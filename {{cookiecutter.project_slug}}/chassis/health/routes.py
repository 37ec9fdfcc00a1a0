"""The paths that orchestrators and deployments probe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from starlette.requests import Request  # noqa: TC002 - FastAPI reads the annotation
from starlette.responses import JSONResponse

from chassis.exchange import header

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from chassis.health.checks import Checks, Watch
    from chassis.service import Service

PROBES = ("/livez", "/readyz", "/startupz", "/health", "/version")


def routes(service: Service, checks: Checks, may_see: Callable[[bytes], bool]) -> APIRouter:
    """Make the routes; they give finished answers, for they are asked every second."""

    async def judge(needed: Iterable[Watch]) -> tuple[str, str | None]:
        verdict = await checks.verdict(needed)
        return ("fail", "draining") if service.draining else verdict

    async def livez() -> JSONResponse:
        return answer("pass")

    async def startupz() -> JSONResponse:
        return answer(*await checks.verdict(w for w in checks.watches if not w.started))

    async def readyz() -> JSONResponse:
        return answer(*await judge(w for w in checks.watches if w.holds and not service.draining))

    async def health(request: Request) -> JSONResponse:
        status, reason = await judge(checks.watches)
        if not may_see(header(request.scope, b"authorization")):
            return answer(status, reason)
        return answer(status, reason, checks={w.name: detail(w) for w in checks.watches})

    async def version() -> JSONResponse:
        identity = service.identity.model_dump(include={"name", "version", "revision"})
        return JSONResponse(identity, headers={"cache-control": "no-store"})

    router = APIRouter(include_in_schema=False)
    for endpoint in (livez, readyz, startupz, health, version):
        router.add_api_route(f"/{endpoint.__name__}", endpoint, methods=["GET", "HEAD"])
    return router


def answer(
    status: str, reason: str | None = None, checks: dict[str, Any] | None = None
) -> JSONResponse:
    """Say how it is, in the status of the answer too."""
    body = {"status": status, "reason": reason, "checks": checks}
    present = {name: value for name, value in body.items() if value is not None}
    code = 503 if status == "fail" else 200
    return JSONResponse(present, code, headers={"cache-control": "no-store"})


def detail(watch: Watch) -> dict[str, Any]:
    """Say how one check is, without what its error said."""
    seconds, error = watch.latest
    body = {"status": "pass", "seconds": round(seconds, 6)}
    if error is None:
        return body
    return body | {"status": "fail" if watch.holds else "warn", "reason": error}
