"""The error of a service that cannot be composed: what, where, and what to do."""

__all__ = ["StartupError"]


class StartupError(Exception):
    """The service cannot be composed from its features; serving logs this as one line."""
