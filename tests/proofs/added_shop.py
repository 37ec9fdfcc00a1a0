"""A team's feature: routers in routers, parameters in the path, and an error."""
# mypy: ignore-errors
# It runs in a carved service, whose libraries the environment of the template has not.

import logging

from chassis.problems import Problem
from chassis.service import Feature, Service
from fastapi import APIRouter


class Shop(Feature):
    """Orders of customers."""

    def install(self, service: Service) -> None:
        """Add the routes."""
        customers = APIRouter(prefix="/customers/{customer}")

        @customers.get("/orders/{order}")
        async def read(order: int) -> int:
            if not order:
                raise Problem(404)
            return order

        @customers.get("/fail")
        def fail() -> None:
            raise RuntimeError("unexpected")

        everything = APIRouter(prefix="/v1")
        everything.include_router(customers)
        service.routers.append(everything)
        # Another reader of the access lines: they go through every handler then.
        logging.getLogger("app.access").addHandler(logging.NullHandler())
