"""FastAPI's first steps: no log, no metrics, no headers."""

from fastapi import FastAPI

app = FastAPI()


@app.get("/hello")
async def hello():
    return {"message": "Hello World"}
