"""The service with routes that it refuses: `python -m chassis.tests.faulty_routes NAME`."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, UploadFile

from chassis.commands import main
from chassis.service import Feature

if TYPE_CHECKING:
    from chassis.service import Service

ROOT = import_module("app.main")


class Upload(Feature):
    """Takes a file, without the library for that: an import of None fails."""

    def install(self, service: Service) -> None:
        for library in ("python_multipart", "multipart"):
            sys.modules[library] = None  # type: ignore[assignment]
        router = APIRouter()

        @router.post("/files")
        async def upload(file: UploadFile) -> None: ...

        service.routers.append(router)


class Twice(Feature):
    """Has a name that the service has."""

    def install(self, service: Service) -> None:
        router = APIRouter()
        router.add_api_route("/mine", lambda: None, name="livez")
        service.routers.append(router)


FAULTS: dict[str, Feature] = {"upload": Upload(), "twice": Twice()}


def faulty(settings: Any) -> Service:
    service: Service = ROOT.compose(settings)
    FAULTS[sys.argv[1]].install(service)
    return service


if __name__ == "__main__":
    sys.exit(main(ROOT.ENVIRONMENTS, faulty, []))
