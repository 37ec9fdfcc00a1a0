"""Bare FastAPI with the instrumentation of opentelemetry-python-contrib, and FastAPI's own off."""

from fastapi import FastAPI
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from stacks.opentelemetry_provider import provider

OFF = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False}

app = FastAPI(telemetry=OFF)
FastAPIInstrumentor.instrument_app(app, tracer_provider=provider)


@app.get("/hello")
async def hello():
    return {"message": "Hello World"}
