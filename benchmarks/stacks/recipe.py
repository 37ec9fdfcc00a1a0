"""The widespread recipe: instrumentator, correlation id, structlog in `@app.middleware("http")`.

prometheus-fastapi-instrumentator's README; asgi-correlation-id's README; structlog's
documentation, "Rendering using structlog-based formatters within logging" and the FastAPI example
that many projects build on.
"""

import logging
import time

import structlog
from asgi_correlation_id import CorrelationIdMiddleware, correlation_id
from fastapi import FastAPI, Request, Response
from prometheus_fastapi_instrumentator import Instrumentator

SHARED = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso"),
    structlog.processors.StackInfoRenderer(),
]


def set_up_logging():
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=SHARED,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True


set_up_logging()
access = structlog.stdlib.get_logger("api.access")
errors = structlog.stdlib.get_logger("api.error")


def make():
    """Make the application; the other recipe adds to it."""
    app = FastAPI(max_body_size=1_048_576)

    @app.middleware("http")
    async def log_requests(request: Request, call_next) -> Response:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=correlation_id.get())
        began = time.perf_counter_ns()
        response = Response(status_code=500)
        try:
            response = await call_next(request)
        except Exception:
            errors.exception("Uncaught exception")
            raise
        finally:
            client = request.client
            access.info(
                f"{request.method} {request.url.path} {response.status_code}",
                http={
                    "url": str(request.url),
                    "status_code": response.status_code,
                    "method": request.method,
                    "version": request.scope["http_version"],
                },
                network={"client": {"ip": client.host, "port": client.port}},
                duration=time.perf_counter_ns() - began,
            )
        return response

    app.add_middleware(CorrelationIdMiddleware)
    Instrumentator(should_instrument_requests_inprogress=True).instrument(app).expose(app)

    @app.get("/hello")
    async def hello():
        return {"message": "Hello World"}

    return app


app = make()
