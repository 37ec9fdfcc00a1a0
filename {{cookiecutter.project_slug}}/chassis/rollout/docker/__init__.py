"""Runs the instances and the proxy as containers of the compose project."""
