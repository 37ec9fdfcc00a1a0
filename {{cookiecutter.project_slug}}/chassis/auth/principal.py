"""The principal: who sends a request, according to their token."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Principal:
    """Who sends a request, and what they may do."""

    subject: str
    """Their stable name at the issuer of the token."""
    scopes: frozenset[str] = frozenset()
    """What the token may be used for, such as `notes:write`."""
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """All claims of the token; repr omits them, because they may be personal data."""
