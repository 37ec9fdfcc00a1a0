"""Reports in one line why a service cannot be composed: what, where, and what to do."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from pathlib import Path
from traceback import extract_tb
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["StartupError"]

ROOT = Path(__file__).parent.parent
MULTIPART = "python-multipart"


class StartupError(Exception):
    """The service cannot be composed from its features."""


@contextmanager
def explain_missing_library() -> Iterator[None]:
    """Raise `StartupError` for a route that takes a form or a file without the library for it.

    FastAPI raises RuntimeError then, and logs how to install it with pip.
    """
    fastapi = logging.getLogger("fastapi")
    fastapi.addFilter(_is_unrelated)
    try:
        yield
    except RuntimeError as error:
        if MULTIPART not in str(error):
            raise
        raise StartupError(
            f"{source_line(error)}: a route that takes a form or a file needs the library "
            f"{MULTIPART}, which is not installed. Run: uv add {MULTIPART}"
        ) from error
    finally:
        fastapi.removeFilter(_is_unrelated)


def source_line(error: Exception) -> str:
    """Return the line of this service, not of a library, that raised an error."""
    where = "this service"
    for frame in extract_tb(error.__traceback__):
        path = Path(frame.filename)
        if path.is_relative_to(ROOT) and "site-packages" not in path.parts:
            where = f"{path.relative_to(ROOT)}:{frame.lineno}"
    return where


def _is_unrelated(record: logging.LogRecord) -> bool:
    return MULTIPART not in record.getMessage()
