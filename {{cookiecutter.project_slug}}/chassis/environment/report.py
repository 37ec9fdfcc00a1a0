"""Prints the settings: effective values, `.env.example`, or the table of the README."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chassis.environment.fault import printable
from chassis.environment.sources import origins
from chassis.environment.variables import format_value, variables

if TYPE_CHECKING:
    from pathlib import Path

    from chassis.environment import Environment

__all__ = ["format_markdown", "report", "write_documents"]

FORMATS = ("text", "env", "markdown")
TABLE = re.compile(r"^\| Variable \| Default \| Meaning \|\n(?:\|.*\n)+", re.MULTILINE)


def report(settings: Environment, form: str = "text") -> str:
    """Format the settings in one of FORMATS; secrets are masked in each."""
    return {"text": format_text, "env": format_env, "markdown": format_markdown}[form](settings)


def format_text(settings: Environment) -> str:
    """Format the effective value of each variable, and where it was set."""
    environment = type(settings)
    places = origins(environment)
    lines = [("ENVIRONMENT", settings.name(), "")]
    for variable in variables(environment):
        value = getattr(getattr(settings, variable.group), variable.field)
        place = places.get(variable.name, f"default of {settings.name()}")
        lines.append((variable.name, printable(format_value(value)), place))
    left = max(len(f"{name}={value}") for name, value, _ in lines)
    return "\n".join(
        f"{f'{name}={value}':{left}}  {place}".rstrip() for name, value, place in lines
    )


def format_env(settings: Environment) -> str:
    """Format `.env.example`: every variable, its meaning and its default."""
    lines = []
    for variable in variables(type(settings)):
        lines += [f"# {variable.meaning}", f"#{variable.name}={variable.default_text}"]
    return "\n".join(lines)


def format_markdown(settings: Environment) -> str:
    """Format the table of the README."""
    rows = (
        f"| `{variable.name}` | {_code(variable.default_text)} | {variable.meaning} |"
        for variable in variables(type(settings))
    )
    return "\n".join(["| Variable | Default | Meaning |", "| --- | --- | --- |", *rows])


def write_documents(settings: Environment, root: Path) -> list[str]:
    """Bring the table in `README.md` and `.env.example` up to date; return what was changed.

    Raises ValueError if the README has no such table.
    """
    readme, example = root / "README.md", root / ".env.example"
    text = readme.read_text("utf-8")
    if not TABLE.search(text):
        raise ValueError(f"{readme} has no table | Variable | Default | Meaning |. Write its head.")
    head = example.read_text("utf-8").partition("\n\n")[0]
    wanted = {
        readme: TABLE.sub(lambda _: f"{format_markdown(settings)}\n", text),
        example: f"{head}\n\n{format_env(settings)}\n",
    }
    stale = [path for path, it in wanted.items() if path.read_text("utf-8") != it]
    for path in stale:
        path.write_text(wanted[path], "utf-8")
    return [path.name for path in stale]


def _code(value: str) -> str:
    return f"`{value}`" if value else ""
