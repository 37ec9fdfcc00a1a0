"""Silences what libraries log about each of their steps."""

from __future__ import annotations

import logging


def silence_libraries(*names: str) -> None:
    """Log only the warnings of these libraries; a level that LOG_LEVELS sets for them stays."""
    for name in names:
        library = logging.getLogger(name)
        if library.level == logging.NOTSET:
            library.setLevel(logging.WARNING)
