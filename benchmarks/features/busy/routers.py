"""An endpoint that takes 8 ms of CPU.

The very same file is measured in a carved service, in bare FastAPI and in the widespread recipe.
"""

import time

from fastapi import APIRouter

SECONDS = 0.008

router = APIRouter()


@router.get("/busy")
async def busy():
    until = time.thread_time() + SECONDS
    while time.thread_time() < until:
        pass
    return {"message": "Hello World"}
