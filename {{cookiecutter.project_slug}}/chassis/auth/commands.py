"""`python -m app auth token`: sign a token, to try the service with."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import argparse

    from chassis.auth import Auth
    from chassis.service import Identity


class Settings(Protocol):
    """What of the settings is read here."""

    @property
    def service(self) -> Identity:
        """Who the service is."""

    @property
    def auth(self) -> Auth:
        """What signs."""


def token_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser of `python -m app auth` what can be done."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    token = actions.add_parser("token", help="Print a token")
    token.add_argument("--subject", required=True, help="Whom it stands for")
    token.add_argument(
        "--scope", action="append", default=[], help="What it may be used for; may come again"
    )
    token.add_argument("--minutes", type=float, help="How long it is valid")


def auth(settings: Settings, arguments: argparse.Namespace) -> int:
    """Sign a token.

    Production may too: who has its key can sign wherever they are.
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
