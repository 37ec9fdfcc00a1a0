"""The careful stack: pure ASGI middleware, and structlog as its page on performance has it.

Starlette's documentation, "Pure ASGI middleware"; structlog's, "Performance" and "Context
variables"; prometheus_client's, "Labels" and "HTTP".
"""

import logging
import os
import re
import time
import uuid

import orjson
import structlog
from fastapi import FastAPI
from prometheus_client import Counter, Gauge, Histogram, start_http_server
from stacks.headers import HEADERS
from starlette.datastructures import MutableHeaders

REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
REQUESTS = Counter("http_requests", "Requests.", ["method", "route", "status"])
SECONDS = Histogram("http_request_duration_seconds", "Their duration.", ["method", "route"])
IN_FLIGHT = Gauge("http_requests_in_flight", "Requests being served.")

structlog.configure(
    cache_logger_on_first_use=True,
    wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.format_exc_info,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.JSONRenderer(serializer=orjson.dumps),
    ],
    logger_factory=structlog.BytesLoggerFactory(),
)
log = structlog.get_logger()


class RequestLog:
    """Gives every request an id, binds it to the context, and writes a line at the end."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(b"x-request-id", b"")
        request_id = given.decode() if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        began = time.perf_counter()
        status, size = 500, 0

        async def note(message):
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = request_id
            else:
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, note)
        finally:
            log.info(
                "request",
                method=scope["method"],
                route=getattr(scope.get("route"), "path", None),
                status=status,
                size=size,
                duration_ms=round((time.perf_counter() - began) * 1000, 3),
                client=scope["client"][0] if scope["client"] else None,
            )


class Metrics:
    """Counts and times requests."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500

        async def note(message):
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        IN_FLIGHT.inc()
        try:
            await self.app(scope, receive, note)
        finally:
            IN_FLIGHT.dec()
            route = getattr(scope.get("route"), "path", "")
            REQUESTS.labels(scope["method"], route, status).inc()
            SECONDS.labels(scope["method"], route).observe(time.perf_counter() - began)


class SecurityHeaders:
    """Sets the security headers for browsers."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def note(message):
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, note)


app = FastAPI(max_body_size=1_048_576)
app.add_middleware(SecurityHeaders)
app.add_middleware(Metrics)
app.add_middleware(RequestLog)
start_http_server(int(os.environ["METRICS_PORT"]), "127.0.0.1")


@app.get("/hello")
async def hello():
    return {"message": "Hello World"}
