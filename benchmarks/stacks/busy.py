"""FastAPI's first steps, with an endpoint that takes 8 ms of CPU."""

import sys
from pathlib import Path

from fastapi import FastAPI

sys.path.insert(0, str(Path(__file__).parent.parent / "features" / "busy"))
from routers import router

app = FastAPI()
app.include_router(router)
