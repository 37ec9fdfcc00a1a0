"""The widespread recipe with CORS and security headers, as FastAPI's documentation adds them."""

from fastapi.middleware.cors import CORSMiddleware
from stacks.headers import HEADERS
from stacks.recipe import make

app = make()
app.add_middleware(
    CORSMiddleware,
    allow_origins=["https://app.example.com"],
    allow_methods=["*"],
    allow_headers=["*"],
)


@app.middleware("http")
async def add_headers(request, call_next):
    response = await call_next(request)
    for name, value in HEADERS.items():
        response.headers[name] = value
    return response
