"""Installs error reports: the SDK's client, a handler of log lines, a scope for each request."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import sentry_sdk
from sentry_sdk.integrations.dedupe import DedupeIntegration

from chassis.errors.handler import ErrorHandler
from chassis.errors.reporter import Reporter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp, Receive, Scope, Send

    from chassis.errors import Errors
    from chassis.service import Service

ATTEMPTS = logging.getLogger("urllib3.connectionpool")
"""Logger that warns of each failed attempt of the SDK."""


def install_errors(settings: Errors, service: Service) -> None:
    """Report errors, and add their counts to the board."""
    reporter = Reporter(settings, service)

    class CountingTransport(sentry_sdk.HttpTransport):
        TIMEOUT = settings.timeout_seconds

        def on_dropped_event(self, reason: str) -> None:
            reporter.drop(reason)

    sentry_sdk.init(
        dsn=settings.dsn.get_secret_value(),
        release=f"{service.identity.name}@{service.identity.version}",
        environment=service.environment,
        transport=CountingTransport,
        before_send=reporter.complete,
        integrations=[DedupeIntegration()],
        default_integrations=False,  # they would report logged errors again
        auto_enabling_integrations=False,
        include_local_variables=False,
        auto_session_tracking=False,
        send_client_reports=False,
        spotlight=False,
        debug=False,
    )
    handler = ErrorHandler(reporter, settings.flush_seconds)
    logging.getLogger().addHandler(handler)
    if ATTEMPTS.level == logging.NOTSET:
        ATTEMPTS.setLevel(logging.ERROR)
    service.middleware.append(isolate_requests)
    service.counters["errors_reported_total"] = lambda: reporter.reported
    service.counters["errors_dropped_total"] = lambda: reporter.dropped

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        try:
            yield
        except Exception as error:
            sentry_sdk.capture_exception(error)  # from a feature that did not open or close
            raise
        finally:
            await asyncio.to_thread(handler.flush)

    service.lifespans.append(lifespan)


def isolate_requests(app: ASGIApp) -> ASGIApp:
    """Give each request its own scope, so that its users and tags do not leak into others."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        with sentry_sdk.isolation_scope():
            await app(scope, receive, send)

    return serve
