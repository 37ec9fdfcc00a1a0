"""Routes of every kind that has a fast path."""

from typing import Annotated

from fastapi import (
    APIRouter,
    Body,
    Cookie,
    Depends,
    Header,
    HTTPException,
    Query,
    Request,
    Security,
)
from fastapi.security import SecurityScopes
from pydantic import AfterValidator, BaseModel, Field
from starlette.background import BackgroundTask
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response, StreamingResponse

called: list[str] = []
"""What the routes below have called, in its order."""


class Teapot(Exception):  # noqa: N818 - a kind of its own
    pass


def steep(value: int) -> int:
    if value == 13:
        raise Teapot
    return value


class Draft(BaseModel):
    name: str = Field(min_length=2, alias="theName")
    price: float | None = None


class Kept(Draft):
    secret: str = "unseen"


class Filter(BaseModel):
    model_config = {"extra": "forbid"}

    limit: int = Field(default=3, le=5)
    tags: list[str] = []


async def tenant(x_tenant: Annotated[str, Header()] = "acme") -> str:
    called.append("tenant")
    return x_tenant


Tenant = Annotated[str, Depends(tenant)]


async def allowed(connection: HTTPConnection, by: Tenant) -> str:
    called.append("allowed")
    if "forbidden" in connection.query_params:
        raise HTTPException(403, "not you", headers={"x-why": by})
    return by


class Guard:
    async def __call__(self, request: Request, needed: SecurityScopes) -> list[str]:
        called.append(f"guard {needed.scope_str}")
        return [request.method, *needed.scopes]


guard = Guard()
Guarded = Annotated[list[str], Security(guard, scopes=["read"])]


async def both(read: Guarded, write: Annotated[list[str], Security(guard, scopes=["write"])]):  # type: ignore[no-untyped-def] # noqa: ANN201
    called.append("both")
    return read + write


async def sized(draft: Draft) -> int:
    called.append("sized")
    return len(draft.name)


async def more(count: Annotated[int, Body()]) -> int:
    return count


router = APIRouter(prefix="/{shop}", dependencies=[Depends(allowed)])
get, post = router.get, router.post


@get("/parameters/{number}")
async def parameters(
    shop: str,
    number: int,
    many: Annotated[list[int], Query()] = [],  # noqa: B006 - FastAPI copies it
    named: Annotated[str | None, Query(alias="call me", max_length=4)] = None,
    user_agent: Annotated[str, Header()] = "",
    crumb: Annotated[int, Cookie()] = 0,
) -> list[object]:
    called.append("parameters")
    return [shop, number, many, named, user_agent, crumb]


@get("/filtered")
async def filtered(wanted: Annotated[Filter, Query()]) -> Filter:
    return wanted


@get("/steeped")
async def steeped(degrees: Annotated[int, AfterValidator(steep)]) -> int:
    return degrees


@get("/guarded", dependencies=[Security(guard, scopes=["read"])])
async def guarded(all: Annotated[list[str], Security(both, scopes=["see"])]) -> list[str]:  # noqa: A002
    called.append("guarded")
    return all


@get("/tenant")
async def whose(
    request: Request, by: Tenant, also: Annotated[str, Depends(allowed)]
) -> list[object]:
    return [by, also, request.url.path, request.path_params]


@post("/drafts", status_code=201, response_model=Draft)
async def add(draft: Draft, size: Annotated[int, Depends(sized)], request: Request) -> Kept:
    called.append("add")
    return Kept(theName=draft.name * size + str(len(await request.body())))


@post("/embedded")
async def embedded(draft: Annotated[Draft, Body(embed=True)], more: Annotated[int, Body()]) -> int:
    return len(draft.name) + more


@post("/spread")
async def spread(draft: Draft, count: Annotated[int, Depends(more)]) -> int:
    return len(draft.name) + count


@post("/perhaps")
async def perhaps(draft: Draft | None = None) -> bool:
    return draft is None


@get("/lean", response_model_exclude_none=True, response_model_by_alias=False)
async def lean() -> Draft:
    return Draft(theName="lean")


@get("/anything")
async def anything():  # type: ignore[no-untyped-def] # noqa: ANN201 - that is its kind
    return {"draft": Draft(theName="any"), "of": {1}}


@get("/nothing", response_model=None)
async def nothing() -> None:
    return None


@get("/response", status_code=202)
async def response() -> Response:
    done = BackgroundTask(called.append, "after")
    return PlainTextResponse("as it is", 418, {"x-a": "b"}, background=done)


@get("/streamed")
async def streamed() -> StreamingResponse:
    return StreamingResponse(iter(["a", "b"]))


@get("/wrong")
async def wrong() -> int:
    return "no number"  # type: ignore[return-value]


ERRORS: dict[str, Exception] = {"teapot": Teapot(), "http": HTTPException(409)}


@post("/fails")
async def fails(draft: Draft) -> None:
    called.append("fails")
    raise ERRORS.get(draft.name, RuntimeError())


@post("/reads")
async def reads(request: Request) -> None:
    called.append((await request.body()).decode())
    raise Teapot
