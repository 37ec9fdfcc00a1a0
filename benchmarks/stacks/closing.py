"""FastAPI's first steps, with a dependency that yields."""

import sys
from pathlib import Path

from fastapi import FastAPI

sys.path.insert(0, str(Path(__file__).parent.parent / "features" / "closing"))
from routers import router

app = FastAPI()
app.include_router(router)
