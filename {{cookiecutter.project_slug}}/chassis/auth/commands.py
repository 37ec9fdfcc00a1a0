"""`python -m app auth token`: sign a token to try the service with."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse


def add_auth_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `python -m app auth`."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    token = actions.add_parser("token", help="Print a token")
    token.add_argument("--subject", required=True, help="Subject: the principal of the token")
    token.add_argument(
        "--scope", action="append", default=[], help="Scope of the token; repeatable"
    )
    token.add_argument("--minutes", type=float, help="Lifetime in minutes")


def run_auth(settings: Any, arguments: argparse.Namespace) -> int:  # noqa: ANN401 - the service's own
    """Sign a token and print it.

    Allowed in production too: whoever has its key can sign anywhere.
    """
    try:
        token = settings.auth.sign(
            settings.service.name, arguments.subject, arguments.scope, arguments.minutes
        )
    except ValueError as error:
        print(error, file=sys.stderr)  # noqa: T201 - its job
        return 1
    print(token)  # noqa: T201 - its job
    return 0
