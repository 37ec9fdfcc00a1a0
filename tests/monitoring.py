"""What a carved service's rules and dashboards ask Prometheus."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JOB = "orders"
VARIABLES = {"$job": JOB, "$route": ".*", "$__rate_interval": "10s"}
"""What Grafana puts in, beside what is chosen at the top of a dashboard."""
EITHER = re.compile(r"\n *or *\n")
COMPARED = re.compile(r" (==|!=|<=?|>=?) (?!bool )|(?<=\n)(==|!=|<=?|>=?) (?!bool )")
ASKED = re.compile(r"label_values\((?P<metric>\w+)(?:\{.*\})?, (?P<label>\w+)\)")
NOT_A_NAME = re.compile(
    r"""
    "[^"]*"                               # a text
    | \[[^\]]*\]                          # a window
    | \b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)  # labels
    | \b[a-z_]+(?=\s*(?:\(|by\b|without\b))  # a function
    | \b[a-z]\w*\s*(?=[=!]~?)(?![=]=)     # a label in braces
    | \b(?:and|or|unless|offset\s+\w+|bool)\b
    """,
    re.VERBOSE,
)
NAME = re.compile(r"[a-z_][a-z0-9_:]{2,}", re.IGNORECASE)


class Question(NamedTuple):
    """One expression, and where it stands."""

    where: str
    expr: str


def rules(service: Path) -> Iterator[dict[str, Any]]:
    """Every rule, recording or alerting."""
    for path in sorted((service / "monitoring" / "rules").glob("*.yaml")):
        for group in yaml.safe_load(path.read_text("utf-8"))["groups"]:
            yield from ({**rule, "file": path.name} for rule in group["rules"])


def alerts(service: Path) -> list[str]:
    """Names of the alerts."""
    return [rule["alert"] for rule in rules(service) if "alert" in rule]


def dashboards(service: Path) -> dict[str, dict[str, Any]]:
    """Every dashboard, by the name of its file."""
    found = sorted((service / "monitoring" / "dashboards").glob("*.json"))
    return {path.name: json.loads(path.read_text("utf-8")) for path in found}


def drawn(service: Path) -> Iterator[Question]:
    """Every expression of every panel, mark and variable, with values for its variables."""
    for name, board in dashboards(service).items():
        for panel in board["panels"]:
            for target in panel.get("targets", ()):
                yield Question(f"{name}, {panel['title']}", put_in(target["expr"]))
        for mark in board["annotations"]["list"]:
            yield Question(f"{name}, mark {mark['name']}", comparing(put_in(mark["expr"])))
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                asked = ASKED.fullmatch(put_in(variable["definition"]))
                assert asked, variable["definition"]
                expr = f'{asked["metric"]}{{{asked["label"]}!=""}}'
                yield Question(f"{name}, variable {variable['name']}", expr)


def put_in(expr: str) -> str:
    """Put values in for the variables of a dashboard."""
    for name, value in VARIABLES.items():
        expr = expr.replace(name, value)
    return expr


def judged(service: Path) -> Iterator[Question]:
    """Every expression of every rule; a recorded series is asked for by its name as well."""
    for rule in rules(service):
        if "record" in rule:
            yield Question(f"{rule['file']}, {rule['record']}", f'{rule["record"]}{{job="{JOB}"}}')
            yield Question(f"{rule['file']}, {rule['record']}", rule["expr"])
        else:
            for part in EITHER.split(rule["expr"].strip()):
                yield Question(f"{rule['file']}, {rule['alert']}", comparing(part))


def comparing(expr: str) -> str:
    """Turn a condition into one that has a value while it does not hold, from the same series.

    Prometheus drops what a comparison is not true of, and keeps it as 0 if it has the word `bool`.
    What `absent` looks for is there while nothing fails, so it is queried by itself.
    """
    rewritten = COMPARED.sub(lambda found: f"{found[0]}bool ", expr)
    return rewritten.replace("absent(", "(")


def names(expr: str) -> set[str]:
    """Names of the metrics that an expression reads."""
    return set(NAME.findall(NOT_A_NAME.sub(" ", expr)))
