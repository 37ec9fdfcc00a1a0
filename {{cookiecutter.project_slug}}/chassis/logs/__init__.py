"""Logs: everything that the process logs, as lines on standard output."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator
from pydantic_settings import NoDecode

from chassis.logs.access import AccessLog
from chassis.logs.formatter import LineFormatter
from chassis.logs.layout import ConsoleLayout, to_json
from chassis.logs.pipeline import LineHandler, install_handler, install_hooks
from chassis.logs.redaction import Redactor
from chassis.logs.threads import carry_context_into_errors, carry_context_into_threads
from chassis.logs.traceparent import caller_trace
from chassis.logs.websockets import log_websocket
from chassis.service import Feature

if TYPE_CHECKING:
    from collections.abc import Callable

    from chassis.exchange import Exchange, Trace
    from chassis.logs.layout import Layout
    from chassis.service import Service

__all__ = ["Log"]


Level: TypeAlias = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"],
    BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value),
]
DEFAULT_LEVELS: dict[str, Level] = {"uvicorn.access": "WARNING", "uvicorn.error": "ERROR"}
"""uvicorn's access lines, which ours replace, and its lines at start, stop and bad requests."""


def _parse_levels(value: object) -> object:
    if not isinstance(value, str):
        return value
    pairs = [part.partition("=") for part in value.split(",") if part.strip()]
    if not all(name.strip() and equals for name, equals, _ in pairs):
        raise ValueError("should be pairs such as botocore.auth=DEBUG,uvicorn=WARNING")
    return {name.strip(): level.strip() for name, _, level in pairs}


def _add_default_levels(given: dict[str, Level]) -> dict[str, Level]:
    """Add the defaults of loggers that are not given, nor any parent of them."""
    named = tuple(f"{name}." for name in given)
    defaults = DEFAULT_LEVELS.items()
    return {name: it for name, it in defaults if not f"{name}.".startswith(named)} | given


class Log(Feature):
    """What is logged, and how."""

    level: Level = "INFO"
    """Lowest level that is logged: DEBUG, INFO, WARNING, ERROR or CRITICAL."""
    format: Literal["json", "console"] = "json"
    """How a line is written: json for machines, console for a developer's terminal."""
    levels: Annotated[
        dict[str, Level],
        NoDecode,
        BeforeValidator(_parse_levels),
        AfterValidator(_add_default_levels),
    ] = DEFAULT_LEVELS
    """Levels of single loggers, such as botocore.auth=DEBUG; uvicorn's have defaults."""

    def install(self, service: Service) -> None:
        """Take over this process's logging, observe exchanges, and carry context into threads."""

        def trace_context(exchange: Exchange | None) -> Trace | None:
            return (service.trace_context or caller_trace)(exchange)

        def defer(call: Callable[[], None]) -> None:
            service.defer(call)  # the server sets it later

        layout, constant_fields = self._layout(service)
        redactor = Redactor(service.secrets)
        formatter = LineFormatter(redactor, layout, constant_fields, trace_context)
        handler = LineHandler(formatter, self.levels)
        install_handler(handler, self.level)
        install_hooks()
        service.observers.append(AccessLog(service.probes, handler, defer))
        service.websocket_observers.append(log_websocket)
        service.counters["log_lines_dropped_total"] = lambda: handler.sink.dropped
        service.lifespans += [carry_context_into_threads, carry_context_into_errors]

    def _layout(self, service: Service) -> tuple[Layout, dict[str, str]]:
        """Return the layout of lines, and the fields of every line."""
        if self.format == "console":
            return ConsoleLayout(colours=sys.stdout.isatty()), {}
        fields = {
            "service.name": service.identity.name,
            "service.version": service.identity.version,
            "deployment.environment.name": service.environment,
        }
        return to_json, {name: value for name, value in fields.items() if value}
