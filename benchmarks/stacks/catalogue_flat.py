"""The thirty routes on the application itself, no telemetry: nothing to match but the routes."""

import sys
from pathlib import Path

from fastapi import FastAPI

sys.path.insert(0, str(Path(__file__).parent.parent / "features" / "catalogue"))
from routers import routers

app = FastAPI(
    telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False}
)
for router in routers:
    for route in router.routes:
        app.add_api_route(route.path, route.endpoint, methods=[*route.methods])
