"""Routes of the health probes and of /version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse
from starlette.routing import Route

from chassis.exchange import header

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.requests import Request

    from chassis.health.checks import CheckRunner, Checks
    from chassis.service import Service

PROBES = ("/livez", "/readyz", "/startupz", "/health", "/version")


def routes(
    service: Service, checks: Checks, may_see_details: Callable[[bytes], bool]
) -> list[Route]:
    """Return the routes: Starlette's, because every request is matched against them first.

    An included router of FastAPI with these five would add 7 % to the instructions of each request.
    """

    async def status_of(needed: Iterable[CheckRunner]) -> tuple[str, str | None]:
        outcome = await checks.run(needed)
        return ("fail", "draining") if service.draining else outcome

    async def livez(_: Request) -> JSONResponse:
        return health_response("pass")

    async def startupz(_: Request) -> JSONResponse:
        return health_response(*await checks.run(it for it in checks.runners if not it.started))

    async def readyz(_: Request) -> JSONResponse:
        return health_response(
            *await status_of(
                it for it in checks.runners if it.gates_traffic and not service.draining
            )
        )

    async def health(request: Request) -> JSONResponse:
        status, reason = await status_of(checks.runners)
        if not may_see_details(header(request.scope, b"authorization")):
            return health_response(status, reason)
        return health_response(
            status, reason, checks={it.name: check_details(it) for it in checks.runners}
        )

    async def version(_: Request) -> JSONResponse:
        identity = service.identity.model_dump(include={"name", "version", "revision"})
        return JSONResponse(identity, headers={"cache-control": "no-store"})

    endpoints = (livez, readyz, startupz, health, version)
    return [Route(f"/{it.__name__}", it, include_in_schema=False) for it in endpoints]


def health_response(
    status: str, reason: str | None = None, checks: dict[str, Any] | None = None
) -> JSONResponse:
    """Return the response of a probe: 503 for fail, otherwise 200."""
    body = {"status": status, "reason": reason, "checks": checks}
    present = {name: value for name, value in body.items() if value is not None}
    code = 503 if status == "fail" else 200
    return JSONResponse(present, code, headers={"cache-control": "no-store"})


def check_details(runner: CheckRunner) -> dict[str, Any]:
    """Return the details of one check, without the message of its error."""
    seconds, error = runner.latest
    body = {"status": "pass", "seconds": round(seconds, 6)}
    if error is None:
        return body
    return body | {"status": "fail" if runner.gates_traffic else "warn", "reason": error}
