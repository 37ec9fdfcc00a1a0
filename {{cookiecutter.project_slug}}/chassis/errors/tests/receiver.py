"""A collector that decodes the envelopes of Sentry's protocol, on a real port."""

from __future__ import annotations

import gzip
import json
from typing import Any

from sentry_sdk.envelope import Envelope

from chassis.tests.collector import Collector


class Receiver(Collector):
    """Keeps events."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[dict[str, Any]] = []
        self.raw = b""

    @property
    def dsn(self) -> str:
        return f"{self.url.replace('://', '://public@')}/1"

    def keep(self, body: bytes, headers: dict[str, str]) -> None:
        given = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
        self.raw += given
        items = Envelope.deserialize(given).items
        assert {item.type for item in items} == {"event"}, "nothing but events is sent"
        self.events += [json.loads(item.get_bytes()) for item in items]

    def described(self) -> list[str]:
        return [text(event) for event in self.events]

    def one(self) -> dict[str, Any]:
        """Wait for the only event."""
        self.wait(lambda: self.events)
        (event,) = self.events
        return event


def text(event: dict[str, Any]) -> str:
    """Give the exception of an event, else its message."""
    if "exception" in event:
        last = event["exception"]["values"][-1]
        return f"{last['type']}: {last['value']}"
    return str(event["logentry"]["formatted"])
