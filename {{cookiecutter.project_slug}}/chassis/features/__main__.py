"""`python -m chassis.features`: adds a feature to `app/`, and removes the examples."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from chassis.features.adding import KINDS, add
from chassis.features.removing import choose, remove
from chassis.features.workspace import Refusal, Workspace

CHECK = "make lint types test"


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m chassis.features", description=__doc__)
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True, dest="action")
    usage = "make feature NAME=customers [KIND=plain] [SINGULAR=customer] [ARGS=--dry-run]"
    text = "Add a feature with its tests and settings"
    adding = actions.add_parser("add", help=text, usage=usage)
    adding.add_argument("name", nargs="?", default="", help="NAME=, such as customer_orders")
    adding.add_argument("--kind", default="plain", help=f"KIND=, one of: {', '.join(KINDS)}")
    adding.add_argument(
        "--singular", default="", help="SINGULAR=, the singular, if it is irregular"
    )
    removing = actions.add_parser("remove-examples", help="Remove the examples, or one of them")
    removing.add_argument("name", nargs="?", default="", help="The only one to remove")
    add_flag(removing, "--force", "Also delete files that git cannot restore")
    add_flag(removing, "--deployed", "Keep the migrations; drop tables by a new one")  # if database
    for action in (adding, removing):
        add_flag(action, "--dry-run", "Only print what would change")
    return parser.parse_args(arguments)


def add_flag(parser: argparse.ArgumentParser, name: str, meaning: str) -> None:
    """Add an option without a value."""
    parser.add_argument(name, action="store_true", help=meaning)


def run(given: argparse.Namespace, root: Path, folder: Path) -> None:
    """Change a copy, print the differences, and apply them. Raises `Refusal`."""
    variables = {"ENVIRONMENT": "development"}
    variables["DATABASE_URL"] = f"sqlite:///{folder / 'copy.db'}"  # if database
    workspace = Workspace(root, folder, {**os.environ, **variables})
    if given.action == "add":
        said = add(workspace, given.name, given.kind, given.singular)
    elif not (chosen := choose(root, given.name)):
        print("There is no such example: nothing to remove.")  # noqa: T201 - its job
        return
    else:
        said = remove(workspace, chosen, given)
    for verb, path in workspace.changes():
        print(f"{verb:6}  {path}")  # noqa: T201 - its job
    print(*said, sep="\n", end="\n" if said else "")  # noqa: T201 - its job
    if given.dry_run:
        print("Nothing was changed, because of --dry-run.")  # noqa: T201 - its job
        return
    workspace.apply()
    print(f"Check the result: {CHECK}")  # noqa: T201 - its job


def main(arguments: list[str] | None = None) -> int:
    """Change the service in this folder; return 2 if it was refused and nothing was changed."""
    given = parse(arguments)
    try:
        with TemporaryDirectory() as folder:
            run(given, Path.cwd(), Path(folder))
    except (Refusal, OSError, SyntaxError) as error:
        print(f"{given.action.replace('add', 'feature')}: {error}", file=sys.stderr)  # noqa: T201 - its job
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
