"""The page that shows the API, with leave to load what it is made of."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse

POLICY = (
    "default-src 'none'; connect-src 'self'; frame-ancestors 'none'; "
    "img-src data: https://fastapi.tiangolo.com; "
    "script-src 'unsafe-inline' https://cdn.jsdelivr.net; "
    "style-src 'unsafe-inline' https://cdn.jsdelivr.net"
)
"""What Swagger UI needs from its own host and from the network it is loaded from."""


def docs_page(title: str) -> APIRouter:
    """Make the route of the page; the baseline's policy, under which it stays blank, gives way."""
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    async def docs() -> HTMLResponse:
        page = get_swagger_ui_html(openapi_url="openapi.json", title=title)
        page.headers["content-security-policy"] = POLICY
        return page

    return router
