"""No framework: the least that uvicorn can serve."""

BODY = b'{"message":"Hello World"}'
HEADERS = [(b"content-length", b"25"), (b"content-type", b"application/json")]


async def app(scope, receive, send):
    if scope["type"] != "http":
        raise RuntimeError(scope["type"])
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})
