"""`python -m app`: the way in, and a short cut for the health check of a container."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from chassis.probe import report_health

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code.

    A health check runs every few seconds, and what it needs to know is mostly in two variables.
    These win over every other source, so then it loads neither settings nor service, which takes
    ten times as long.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    host, port = os.environ.get("SERVER_HOST"), os.environ.get("SERVER_PORT", "")
    if given == ["health"] and host and _is_port(port):
        return report_health(host, int(port))
    from chassis.commands import main as run  # noqa: PLC0415 - the short cut does without

    return run(given)


def _is_port(text: str) -> bool:
    return text.isdecimal() and len(text) <= len("65535") and int(text) <= 65535  # noqa: PLR2004 - the highest


if __name__ == "__main__":
    sys.exit(main())
