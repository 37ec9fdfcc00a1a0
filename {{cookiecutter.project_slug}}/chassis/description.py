"""Generates openapi.json, the committed description of the API that clients rely on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeVar, cast

from chassis.application import Application

if TYPE_CHECKING:
    from collections.abc import Callable

    from chassis.environment import Environment
    from chassis.service import Service

__all__ = ["OPENAPI_JSON", "describe"]

OPENAPI_JSON = "openapi.json"
"""Name of the file."""
E = TypeVar("E", bound="Environment")


def describe(environment: type[E], compose: Callable[[E], Service]) -> str:
    """Return the text of openapi.json: the API with an environment's defaults.

    Variables and `.env` are ignored, so that the result is the same on every machine.
    """
    settings = cast("E", environment.model_construct())
    document = Application(compose(settings)).openapi()
    return f"{json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True)}\n"
