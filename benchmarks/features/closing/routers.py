"""The endpoint that every stack has, with a dependency that yields, as a session does.

The very same file is measured in a carved service and in bare FastAPI.
"""

from typing import Annotated

from fastapi import APIRouter, Depends

router = APIRouter()


async def opened():
    yield "World"


@router.get("/hello")
async def hello(name: Annotated[str, Depends(opened)]):
    return {"message": f"Hello {name}"}
