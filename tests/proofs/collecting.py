"""A collector of spans: prints its address, then each span as a line of JSON.

Runs in the environment of a carved service, which can read what the service sends, with the raw
tree on its path, whose tests it uses: a service is carved without them.
"""
# mypy: ignore-errors
# The template's environment has neither the service nor its libraries.

from __future__ import annotations

import json
import time

from chassis.tracing.tests.receiver import Receiver, values


def main() -> None:
    """Collect until killed."""
    written = 0
    with Receiver() as receiver:
        say(receiver.url)
        while True:
            time.sleep(0.05)
            for span in receiver.spans[written:]:
                known = {
                    "name": span.name,
                    "trace": span.trace_id.hex(),
                    "span": span.span_id.hex(),
                    "parent": span.parent_span_id.hex(),
                    "instance": receiver.origins[written]["service.instance.id"],
                }
                say(json.dumps(known | values(span.attributes)))
                written += 1


def say(line: str) -> None:
    """Print at once."""
    print(line, flush=True)  # noqa: T201 - its job


if __name__ == "__main__":
    main()
