"""starlette-exporter with loguru, as the READMEs of both have it."""

import sys
import time
import uuid

from fastapi import FastAPI, Request
from loguru import logger
from starlette_exporter import PrometheusMiddleware, handle_metrics

logger.remove()
logger.add(sys.stdout, serialize=True, level="INFO", diagnose=False)

app = FastAPI(max_body_size=1_048_576)


@app.middleware("http")
async def log_requests(request: Request, call_next):
    request_id = request.headers.get("x-request-id") or uuid.uuid4().hex
    began = time.perf_counter()
    with logger.contextualize(request_id=request_id):
        response = await call_next(request)
        logger.bind(
            method=request.method,
            path=request.url.path,
            status=response.status_code,
            duration_ms=round((time.perf_counter() - began) * 1000, 3),
            client=request.client.host,
        ).info("request")
    response.headers["x-request-id"] = request_id
    return response


app.add_middleware(PrometheusMiddleware, app_name="hello", group_paths=True)
app.add_route("/metrics", handle_metrics)


@app.get("/hello")
async def hello():
    return {"message": "Hello World"}
