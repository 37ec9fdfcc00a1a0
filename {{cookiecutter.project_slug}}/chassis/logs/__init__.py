"""Logs: everything that is logged anywhere, as one stream of lines on standard output."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator
from pydantic_settings import NoDecode

from chassis.logs.access import AccessLog
from chassis.logs.layouts import Console, as_json
from chassis.logs.lines import Lines
from chassis.logs.pipeline import Output, capture, connect
from chassis.logs.redaction import Redaction
from chassis.logs.threads import context_threads
from chassis.service import Feature

if TYPE_CHECKING:
    from chassis.logs.layouts import Layout
    from chassis.service import Service


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


Level: TypeAlias = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(_upper)
]
QUIET: dict[str, Level] = {"uvicorn.access": "WARNING", "uvicorn.error": "WARNING"}
"""uvicorn's access line, which ours replaces, and its chatter at start and stop."""


def _pairs(value: object) -> object:
    if not isinstance(value, str):
        return value
    pairs = [part.partition("=") for part in value.split(",") if part.strip()]
    if not all(name.strip() and equals for name, equals, _ in pairs):
        raise ValueError("should be pairs such as botocore.auth=DEBUG,uvicorn=WARNING")
    return {name.strip(): level.strip() for name, _, level in pairs}


def _quiet(given: dict[str, Level]) -> dict[str, Level]:
    """Add the defaults but for what is given, for the logger itself or for one above it."""
    spoken = tuple(f"{name}." for name in given)
    return {name: QUIET[name] for name in QUIET if not f"{name}.".startswith(spoken)} | given


class Log(Feature):
    """What is logged, and how it is written."""

    level: Level = "INFO"
    """Least level that is logged: DEBUG, INFO, WARNING, ERROR or CRITICAL."""
    format: Literal["json", "console"] = "json"
    """How a line is written: json for machines, console for a developer's terminal."""
    levels: Annotated[
        dict[str, Level], NoDecode, BeforeValidator(_pairs), AfterValidator(_quiet)
    ] = QUIET
    """Levels of single loggers, such as botocore.auth=DEBUG; uvicorn's stay unless named."""

    def install(self, service: Service) -> None:
        """Take over this process's logging, observe exchanges, and carry context into threads."""
        lines = Lines(Redaction(service.secrets), *self._layout(service))
        output = Output(lines, self.levels)
        connect(output, self.level)
        capture()
        service.observers.append(AccessLog(service.probes, output))
        service.counters["log_lines_dropped_total"] = lambda: output.sink.dropped
        service.lifespans.append(context_threads)

    def _layout(self, service: Service) -> tuple[Layout, dict[str, str]]:
        """How lines are laid out, and what each of them says of the service."""
        if self.format == "console":
            return Console(colours=sys.stdout.isatty()), {}
        constant = {
            "service.name": service.identity.name,
            "service.version": service.identity.version,
            "deployment.environment.name": service.environment,
        }
        return as_json, {name: value for name, value in constant.items() if value}
