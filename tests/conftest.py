"""The option that notes which promises were held up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.promises import Notes

if TYPE_CHECKING:
    import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--promises", type=Path, help="folder in which to note what each test did")


def pytest_configure(config: pytest.Config) -> None:
    folder = config.getoption("--promises")
    if folder and not hasattr(config, "workerinput"):  # the workers of xdist tell the first process
        config.pluginmanager.register(Notes(folder))
