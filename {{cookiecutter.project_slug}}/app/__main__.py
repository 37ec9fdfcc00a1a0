"""`python -m app`: what this service is run by; `--help` lists the commands."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from chassis.entry import run

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code."""
    return run("app.main", arguments)


if __name__ == "__main__":
    sys.exit(main())
