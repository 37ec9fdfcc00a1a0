"""What a call ends with that was not made."""

from __future__ import annotations

import httpx2


class Rejected(httpx2.TransportError):
    """The call was not made: its circuit is open, it had no place, or nobody to go to."""

    def __init__(
        self, message: str, *, request: httpx2.Request, retry_after: float | None = None
    ) -> None:
        """Say why, and after how many seconds it may be worth trying again."""
        super().__init__(message, request=request)
        self.retry_after = retry_after
