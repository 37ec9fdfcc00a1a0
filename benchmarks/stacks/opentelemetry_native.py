"""Bare FastAPI with its own telemetry, given a provider."""

from fastapi import FastAPI
from stacks.opentelemetry_provider import provider

app = FastAPI(telemetry={"tracer_provider": provider})


@app.get("/hello")
async def hello():
    return {"message": "Hello World"}
