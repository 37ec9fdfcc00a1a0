"""Completes and redacts events, and limits their number."""

from __future__ import annotations

import logging
from random import random
from time import monotonic
from typing import TYPE_CHECKING, Any

from chassis.exchange import current_exchange
from chassis.logs.access import MAX_PATH_CHARACTERS
from chassis.logs.records import MAX_FRAMES
from chassis.logs.redaction import Redactor
from chassis.logs.sanitizer import Sanitizer
from chassis.logs.traceparent import caller_trace

if TYPE_CHECKING:
    from chassis.errors import Errors
    from chassis.service import Service

MINUTE = 60.0
MAX_CHARACTERS = 500_000
"""Most characters of an event; collectors reject those above 1 MB."""
LONG = ("exception", "breadcrumbs", "extra")
"""Parts that are sanitized last, in this order: they are cut if the characters do not suffice."""

logger = logging.getLogger("chassis.errors")


class Reporter:
    """Called by the SDK for each event before it is sent."""

    def __init__(self, settings: Errors, service: Service) -> None:
        self.reported = 0
        """Errors that were put into the SDK's queue."""
        self.dropped = 0
        """Errors above the limit, or that the collector did not accept."""
        self._settings = settings
        self._service = service
        self._redactor = Redactor(service.secrets)
        self._minute_ends = self._silence_ends = 0.0
        self._count = 0

    def drop(self, reason: str) -> None:
        """Count a dropped error, and log that once a minute."""
        self.dropped += 1
        if monotonic() >= self._silence_ends:
            self._silence_ends = monotonic() + MINUTE
            fields = {"reason": reason, "total": self.dropped}
            logger.warning("error reports are dropped", extra=fields)

    def is_exhausted(self) -> bool:
        """Return whether the limit of this minute is reached; if so, count an error as dropped."""
        if monotonic() >= self._minute_ends:
            self._minute_ends, self._count = monotonic() + MINUTE, 0
        if self._count < self._settings.max_per_minute:
            return False
        self.drop("ERRORS_MAX_PER_MINUTE reached")
        return True

    def complete(self, event: Any, hint: dict[str, Any]) -> Any:  # noqa: ANN401 - the SDK's types
        """Add the fields of log lines, and redact all; return None if it must not be sent."""
        if random() >= self._settings.ratio or self.is_exhausted():  # noqa: S311 - a sample
            return None
        self._count += 1
        if "record" in hint:
            fields = Sanitizer(self._redactor, MAX_CHARACTERS).mapping(hint["record"])
            event["logger"] = fields.pop("logger")
            event["logentry"] = {**event.get("logentry", {}), "formatted": fields.pop("message")}
            own = {name: it for name, it in fields.items() if not name.startswith("exception.")}
            event["extra"] = {**own, **event.get("extra", {})}
        self._add_request(event)
        for error in event.get("exception", {}).get("values", ()):
            del error.get("stacktrace", {}).get("frames", [])[:-MAX_FRAMES]
            error.get("mechanism", {}).pop("handled", None)  # the SDK cannot know
        self.reported += 1
        names = [it for it in event if it not in LONG] + [it for it in LONG if it in event]
        return Sanitizer(self._redactor, MAX_CHARACTERS).mapping({it: event[it] for it in names})

    def _add_request(self, event: Any) -> None:  # noqa: ANN401 - the SDK's type
        tags = {"revision": self._service.identity.revision}
        if exchange := current_exchange.get():
            tags["request_id"] = exchange.request_id
            method = exchange.scope.get("method", "GET")  # a handshake has none
            path = exchange.scope["path"][:MAX_PATH_CHARACTERS]
            event.setdefault("request", {"method": method, "url": path})
            if "endpoint" in exchange.scope:  # earlier, reading the route would fix it
                event["transaction"] = f"{method} {exchange.route}"
        event["tags"] = {**tags, **event.get("tags", {})}
        event.setdefault("contexts", {}).pop("trace", None)  # added by the SDK, not useful
        if trace := (self._service.trace_context or caller_trace)(exchange):
            event["contexts"]["trace"] = {"trace_id": trace.trace_id, "span_id": trace.span_id}
