"""Why nothing was changed."""

from __future__ import annotations


class Refusal(Exception):  # noqa: N818 - the service is fine, the request is not
    """The request cannot be fulfilled: what, where, and what to do; nothing was changed."""
