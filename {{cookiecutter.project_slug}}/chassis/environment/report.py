"""The environment as text: effective settings, `.env.example`, and the table of the README."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chassis.environment.fault import printable
from chassis.environment.sources import origins
from chassis.environment.variables import variables, written

if TYPE_CHECKING:
    from chassis.environment import Environment

FORMATS = ("text", "env", "markdown")


def report(settings: Environment, form: str = "text") -> str:
    """Write the settings in one of FORMATS; secrets are masked in each."""
    return {"text": text, "env": env, "markdown": markdown}[form](settings)


def text(settings: Environment) -> str:
    """What is in force, and who says so."""
    environment = type(settings)
    places = origins(environment)
    lines = [("ENVIRONMENT", settings.name(), "")]
    for variable in variables(environment):
        value = getattr(getattr(settings, variable.group), variable.field)
        place = places.get(variable.name, f"default of {settings.name()}")
        lines.append((variable.name, printable(written(value)), place))
    left = max(len(f"{name}={value}") for name, value, _ in lines)
    return "\n".join(
        f"{f'{name}={value}':{left}}  {place}".rstrip() for name, value, place in lines
    )


def env(settings: Environment) -> str:
    """The contents of `.env.example`: every variable, its meaning, its default."""
    lines = []
    for variable in variables(type(settings)):
        lines += [f"# {variable.meaning}", f"#{variable.name}={variable.default_text}"]
    return "\n".join(lines)


def markdown(settings: Environment) -> str:
    """The rows of the README's table."""
    rows = (
        f"| `{variable.name}` | {_code(variable.default_text)} | {variable.meaning} |"
        for variable in variables(type(settings))
    )
    return "\n".join(["| Variable | Default | Meaning |", "| --- | --- | --- |", *rows])


def _code(value: str) -> str:
    return f"`{value}`" if value else ""
