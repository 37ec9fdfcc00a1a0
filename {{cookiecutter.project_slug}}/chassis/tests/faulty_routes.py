"""The service with routes that it refuses: `python -m chassis.tests.faulty_routes`."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter

from chassis.commands import main
from chassis.service import Feature

if TYPE_CHECKING:
    from chassis.service import Service

ROOT = import_module("app.main")


class Twice(Feature):
    """Has a name that the service has."""

    def install(self, service: Service) -> None:
        router = APIRouter()
        router.add_api_route("/mine", lambda: None, name="livez")
        service.routers.append(router)


def faulty(settings: Any) -> Service:
    service: Service = ROOT.compose(settings)
    Twice().install(service)
    return service


if __name__ == "__main__":
    sys.exit(main(ROOT.ENVIRONMENTS, faulty, []))
