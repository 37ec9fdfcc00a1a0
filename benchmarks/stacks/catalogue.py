"""Thirty routes in bare FastAPI: routers included in the application, one after the other."""

import sys
from pathlib import Path

from fastapi import FastAPI

sys.path.insert(0, str(Path(__file__).parent.parent / "features" / "catalogue"))
from routers import routers

app = FastAPI()
for router in routers:
    app.include_router(router)
