"""Bare FastAPI without the telemetry that idles in it: what any wiring has to begin with."""

from fastapi import FastAPI

app = FastAPI(
    telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False}
)


@app.get("/hello")
async def hello():
    return {"message": "Hello World"}
