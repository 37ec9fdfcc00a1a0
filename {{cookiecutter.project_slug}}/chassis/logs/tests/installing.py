"""Installs the logs of a shop."""

from __future__ import annotations

import logging
from typing import Any

from chassis.logs import Log
from chassis.logs.pipeline import LineHandler
from chassis.service import Identity, Service


def install(**settings: Any) -> Service:
    service = Service(
        identity=Identity(name="shop"), environment="test", secrets=frozenset({"pl4nted"})
    )
    Log(**settings).install(service)
    return service


def installed_handler() -> LineHandler:
    (handler,) = (it for it in logging.getLogger().handlers if isinstance(it, LineHandler))
    return handler
