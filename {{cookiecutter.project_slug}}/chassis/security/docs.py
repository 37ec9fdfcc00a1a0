"""The documentation page: Swagger UI, from the package fastapi-swagger or else from its CDN."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html import escape
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request

PACKAGE = "fastapi_swagger"
"""The package with the files of Swagger UI, which only development needs."""
FILES: dict[str, Any] = {
    "swagger_js_url": "docs/files/swagger-ui-bundle.js",
    "swagger_css_url": "docs/files/swagger-ui.css",
    "swagger_favicon_url": "docs/files/favicon-32x32.png",
}
"""Relative to the page, so that it works behind any prefix and scheme."""


CDN = {"script": "https://cdn.jsdelivr.net", "image": "https://fastapi.tiangolo.com"}
"""The addresses from which a browser loads them by default."""


def add_docs(app: FastAPI) -> None:
    """Serve /docs, and redirect / to it, after the routes of the service."""
    packaged = find_spec(PACKAGE) is not None
    page = make_page(app.title, packaged=packaged)

    async def docs(_: Request) -> HTMLResponse:
        return page

    async def root(_: Request) -> RedirectResponse:
        return RedirectResponse("docs")

    app.add_route("/docs", docs, include_in_schema=False)
    app.add_route("/", root, include_in_schema=False)
    if packaged:
        app.mount("/docs/files", StaticFiles(packages=[(PACKAGE, "resources")]))


def make_page(title: str, *, packaged: bool) -> HTMLResponse:
    """Return the page, with a policy that allows what it loads, and its own script by hash."""
    page = get_swagger_ui_html(
        openapi_url="openapi.json", title=escape(title), **(FILES if packaged else {})
    )
    (script,) = re.findall(rb"<script>(.*?)</script>", bytes(page.body), re.DOTALL)
    own_script = f"'sha256-{b64encode(sha256(script).digest()).decode()}'"
    source, image = ("'self'", "'self'") if packaged else (CDN["script"], CDN["image"])
    page.headers["content-security-policy"] = (
        f"default-src 'none'; connect-src 'self'; frame-ancestors 'none'; img-src data: {image}; "
        f"script-src {source} {own_script}; style-src 'unsafe-inline' {source}"
    )
    return page
