"""An ASGI application that does nothing but answer, served as a carved service is."""
# mypy: ignore-errors
# The template's environment has no server.

from __future__ import annotations

import json
import socket

import uvicorn

HEADERS = [(b"content-length", b"2"), (b"content-type", b"text/plain")]


async def answer(_: object, __: object, send: object) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b"ok"})


listener = socket.create_server(("127.0.0.1", 0))
url = f"http://127.0.0.1:{listener.getsockname()[1]}"
print(json.dumps({"message": "serving", "url": url}), flush=True)  # noqa: T201 - its only line
config = uvicorn.Config(answer, lifespan="off", log_config=None, access_log=False)
uvicorn.Server(config).run([listener])
