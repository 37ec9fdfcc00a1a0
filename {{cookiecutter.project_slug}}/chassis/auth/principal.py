"""Who asks, as far as a token says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Principal:
    """Who asks, and what they may do."""

    subject: str
    """Name that the issuer of the token gives them, the same each time."""
    scopes: frozenset[str] = frozenset()
    """What the token may be used for, such as `notes:write`."""
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """Everything the token says; it may name people, so it is not shown."""
