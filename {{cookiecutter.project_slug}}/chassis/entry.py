"""The entry point, with a fast path for the health check of a container."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from chassis.probe import report_health

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["run"]


def run(composition_root: str, arguments: Sequence[str] | None = None) -> int:
    """Run a command of the service with this composition root, a module; return the exit code.

    The module has `ENVIRONMENTS`, classes of settings, and `compose`, which builds the service. A
    health check runs every few seconds, and loading the settings takes ten times as long as the
    check. If the two variables that it needs are set in the environment, it does not load them.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    host, port = os.environ.get("SERVER_HOST"), os.environ.get("SERVER_PORT", "")
    if given == ["health"] and host and _is_port(port):
        return report_health(host, int(port))
    from chassis.commands import main  # noqa: PLC0415 - the health check does without

    root = import_module(composition_root)
    return main(root.ENVIRONMENTS, root.compose, given)


def _is_port(text: str) -> bool:
    return text.isdecimal() and len(text) <= len("65535") and int(text) <= 65535  # noqa: PLR2004 - the highest
