"""The documentation page, with a Content-Security-Policy that lets it load Swagger UI."""

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
"""What Swagger UI loads, from this host and from its CDN."""


def docs_router(title: str) -> APIRouter:
    """Return the router of the page, whose policy replaces the default, which would block it."""
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    async def docs() -> HTMLResponse:
        page = get_swagger_ui_html(openapi_url="openapi.json", title=title)
        page.headers["content-security-policy"] = POLICY
        return page

    return router
