"""Carves a new service, and records the source of the template."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from carve.record import NAME, Record
from carve.refusal import Refusal
from carve.source import Source, running_source
from carve.template import running

if TYPE_CHECKING:
    from argparse import Namespace


def new(given: Namespace) -> int:
    """Ask the questions, or take the defaults, and carve."""
    from cookiecutter.exceptions import CookiecutterException  # noqa: PLC0415 - it takes a while
    from cookiecutter.main import cookiecutter  # noqa: PLC0415 - the same

    for one in given.answers:
        if one.partition("=")[0] not in running().questions:
            raise Refusal(f"{one}: is not QUESTION=ANSWER. See: carve new --help")
    answers = dict(one.partition("=")[::2] for one in given.answers)
    folder = str(running().folder)
    try:
        made = Path(
            cookiecutter(
                folder, no_input=given.no_input, extra_context=answers, output_dir=given.output_dir
            )
        )
    except (CookiecutterException, ValueError) as error:
        raise Refusal(f"Nothing was carved: {error}") from None
    address = running_source()
    source = Source(address).public_address if address else None
    if source:
        record = json.loads((made / NAME).read_text("utf-8"))
        (made / NAME).write_bytes(Record({**record, "source": source}).text().encode())
    return 0
