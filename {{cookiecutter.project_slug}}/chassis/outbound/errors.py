"""The errors of a guarded call, besides the library's; each is an `httpx2.HTTPError`."""

from __future__ import annotations

import httpx2


class DeadlineExceeded(httpx2.TimeoutException):
    """The call, or one try of it, took longer than its settings allow."""


class Rejected(httpx2.TransportError):
    """The call was not made: circuit open, concurrency limit reached, or no base URL is set."""

    def __init__(
        self, message: str, *, request: httpx2.Request, retry_after: float | None = None
    ) -> None:
        """Take the reason, and the seconds after which a retry may succeed, if known."""
        super().__init__(message, request=request)
        self.retry_after = retry_after
