"""A receiver of what libraries send: prints its address, then each item as a line of JSON.

Takes spans as OTLP over HTTP and Sentry's envelopes. Runs in the environment of a carved service to
which both libraries were added, and decodes with them.
"""
# mypy: ignore-errors
# The template's environment has neither the service nor its libraries.

from __future__ import annotations

import gzip
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from sentry_sdk.envelope import Envelope

if TYPE_CHECKING:
    from collections.abc import Iterator


class Handler(BaseHTTPRequestHandler):
    """Answers whatever is posted with 200, once it has been printed."""

    def do_POST(self) -> None:
        """Take one request."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        for item in spans(body) if self.path == "/v1/traces" else items(body):
            print(json.dumps(item), flush=True)  # noqa: T201 - its job
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:  # noqa: ANN401 - the library's types
        """Say nothing."""


def spans(body: bytes) -> Iterator[dict[str, Any]]:
    """Read spans, each with the library that made it."""
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                route = [a.value.string_value for a in span.attributes if a.key == "http.route"]
                yield {
                    "type": "span",
                    "library": scope.scope.name,
                    "name": span.name,
                    "kind": span.kind,
                    "route": route[0] if route else None,
                    "failed": span.status.code == span.status.STATUS_CODE_ERROR,
                    "span": span.span_id.hex(),
                    "parent": span.parent_span_id.hex(),
                }


def items(body: bytes) -> Iterator[dict[str, Any]]:
    """Read the transactions and events of an envelope; the SDK decodes it."""
    for item in Envelope.deserialize(body).items:
        if item.type in {"transaction", "event"}:
            yield {"type": item.type, "content": json.loads(item.get_bytes())}


def main() -> None:
    """Receive until killed."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        print(f"127.0.0.1:{server.server_port}", flush=True)  # noqa: T201 - its job
        server.serve_forever()


if __name__ == "__main__":
    main()
