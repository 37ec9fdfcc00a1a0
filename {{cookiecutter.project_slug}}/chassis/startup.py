"""Says in one line why a service cannot be composed: what is wrong, where, and what to do."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from pathlib import Path
from traceback import extract_tb
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
MULTIPART = "python-multipart"


class StartupError(Exception):
    """The service cannot be composed of its features."""


@contextmanager
def composing() -> Iterator[None]:
    """Raise `StartupError` for a route that takes a form or a file without the library for it.

    FastAPI raises RuntimeError then, and logs how to install it with pip.
    """
    fastapi = logging.getLogger("fastapi")
    fastapi.addFilter(_is_about_something_else)
    try:
        yield
    except RuntimeError as error:
        if MULTIPART not in str(error):
            raise
        raise StartupError(
            f"{place(error)}: a route that takes a form or a file needs the library {MULTIPART}, "
            f"which is not installed. Run: uv add {MULTIPART}"
        ) from error
    finally:
        fastapi.removeFilter(_is_about_something_else)


def place(error: Exception) -> str:
    """Name the line of this service, not of a library, that an error comes from."""
    where = "this service"
    for frame in extract_tb(error.__traceback__):
        path = Path(frame.filename)
        if path.is_relative_to(ROOT) and "site-packages" not in path.parts:
            where = f"{path.relative_to(ROOT)}:{frame.lineno}"
    return where


def _is_about_something_else(record: logging.LogRecord) -> bool:
    return MULTIPART not in record.getMessage()
