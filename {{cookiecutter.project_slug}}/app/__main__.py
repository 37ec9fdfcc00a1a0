"""`python -m app`: runs the service; `--help` lists the other commands."""

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
