"""An example of work after the answer: a reminder becomes a note when its time has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.reminders.jobs import remind
from app.reminders.routes import router
from chassis.service import Feature

if TYPE_CHECKING:
    from chassis.service import Service


class Reminders(Feature):
    """Reminders have no settings of their own."""

    def install(self, service: Service) -> None:
        """Pin the route and its job."""
        service.routers.append(router)
        service.jobs.append(remind)
