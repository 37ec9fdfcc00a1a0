"""Finds the route of a request and serves it, sooner than FastAPI where that is the same."""
