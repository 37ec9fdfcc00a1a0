"""The carved service with a route that calls another service: `calling.py <address>`.

Runs in the environment of a carved service.
"""
# mypy: ignore-errors
# The template's environment has neither the service nor its libraries.

import sys
from typing import Annotated, ClassVar

import structlog
from app.main import ENVIRONMENTS, compose
from chassis.environment import load
from chassis.outbound import Client, Outbound
from chassis.service import Feature, Service
from fastapi import APIRouter, Depends


class OtherApi(Outbound):
    """The other service."""

    dependency: ClassVar[str] = "other"


class Relay(Feature):
    """Asks the other service, and passes its answer on."""

    def install(self, service: Service) -> None:
        router = APIRouter(prefix="/relays")

        @router.get("/{name}")
        async def relay(name: str, other: Annotated[Client, Depends(OtherApi.client)]) -> str:
            structlog.get_logger("relay").info("asking", who=name)
            return (await other.get(f"/greetings/{name}")).text

        service.routers.append(router)


def main() -> int:
    """Serve."""
    settings = load(ENVIRONMENTS)
    service = compose(settings)
    OtherApi(base_url=sys.argv[1]).install(service)
    Relay().install(service)
    return settings.server.serve(service)


if __name__ == "__main__":
    sys.exit(main())
