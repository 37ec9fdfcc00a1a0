"""Prints the settings: effective values, `.env.example`, or the tables of `docs/settings.md`."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from chassis.environment.fault import printable
from chassis.environment.sources import origins
from chassis.environment.variables import format_value, variables

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from chassis.environment import Environment
    from chassis.environment.variables import Variable

__all__ = ["format_markdown", "report", "write_documents"]

FORMATS = ("text", "env", "markdown")
SECTION = "## Variables"
"""Heading of the generated part of the page."""
HEAD = "| Variable | Default | Meaning |\n| --- | --- | --- |"


def report(
    settings: Environment, form: str = "text", environments: Sequence[type[Environment]] = ()
) -> str:
    """Format the settings in one of FORMATS; secrets are masked in each."""
    if form == "markdown":
        return format_markdown(settings, environments)
    return {"text": format_text, "env": format_env}[form](settings)


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
    """Format `.env.example`: every variable and its default, in groups."""
    groups = groupby(variables(type(settings)), key=lambda it: it.group)
    return "\n\n".join(
        "\n".join(f"#{it.name}={it.default_text}" for it in found) for _, found in groups
    )


def format_markdown(settings: Environment, environments: Sequence[type[Environment]] = ()) -> str:
    """Format the end of `docs/settings.md`: a table for each group of settings.

    It has the defaults of this environment, and others of those of `environments` that are strict.
    """
    parts = [SECTION]
    strict = {
        it.name(): {variable.name: variable.default_text for variable in variables(it)}
        for it in environments
        if it.strict
    }
    for group, found in groupby(variables(type(settings)), key=lambda it: it.group):
        title = group.replace("_", " ").capitalize()
        rows = [f"| `{it.name}` | {_defaults(it, strict)} | {it.meaning} |" for it in found]
        parts.append("\n".join([f"### {title}", "", HEAD, *rows]))
    return "\n\n".join(parts)


def write_documents(
    settings: Environment, root: Path, environments: Sequence[type[Environment]] = ()
) -> list[str]:
    """Bring `docs/settings.md` and `.env.example` up to date; return what was changed.

    The text before the section of the page, or before the first blank line of the example, is kept.
    """
    stale = []
    for name, end, written in (
        ("docs/settings.md", f"\n{SECTION}\n", format_markdown(settings, environments)),
        (".env.example", "\n\n", format_env(settings)),
    ):
        path = root / name
        before = path.read_text("utf-8")
        wanted = f"{before.partition(end)[0].rstrip()}\n\n{written}\n"
        if before != wanted:
            path.write_text(wanted, "utf-8")
            stale.append(name)
    return stale


def _defaults(variable: Variable, strict: dict[str, dict[str, str]]) -> str:
    """Format the default, and what strict environments have: `DEBUG`; production: `INFO`."""
    names: dict[str, list[str]] = {}
    for name, texts in strict.items():
        if texts[variable.name] != variable.default_text:
            names.setdefault(texts[variable.name], []).append(name)
    others = [f"{', '.join(named)}: {_code(text) or 'none'}" for text, named in names.items()]
    return "; ".join([*filter(None, [_code(variable.default_text)]), *others])


def _code(value: str) -> str:
    return f"`{value}`" if value else ""
