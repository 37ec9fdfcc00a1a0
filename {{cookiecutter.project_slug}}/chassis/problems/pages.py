"""The page at the URI of a problem type."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse

from chassis.problems.problem import ProblemType

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request

PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<h1>{title}</h1>
<p>{explanation}</p>
</html>
"""


def add_pages(app: FastAPI) -> None:
    """Serve a page for each `ProblemType`, behind all other routes."""
    app.add_route("/problems/{name}", problem_type, include_in_schema=False)


async def problem_type(request: Request) -> HTMLResponse:
    """Explain a kind of problem. Raises `HTTPException` 404 if there is none of this name."""
    found = ProblemType.known.get(request.path_params["name"])
    if found is None:
        raise HTTPException(404)
    explanation = escape(found.explanation)
    return HTMLResponse(PAGE.format(title=escape(found.summary), explanation=explanation))
