"""Propagates the request id and the trace of the request being served to each call."""

from __future__ import annotations

from chassis.exchange import current_exchange

TRACE_HEADERS = (b"traceparent", b"tracestate")
"""W3C Trace Context: https://www.w3.org/TR/trace-context/"""


def propagated_headers() -> dict[str, str]:
    """Return the headers of the request being served that identify it and its trace.

    Baggage is left out: it may hold personal data, and other services must not get it unasked.
    """
    exchange = current_exchange.get()
    if exchange is None:
        return {}
    headers = {"x-request-id": exchange.request_id}
    for name, value in exchange.scope["headers"]:
        if name in TRACE_HEADERS:
            key, text = name.decode(), value.decode("latin-1")
            headers[key] = f"{headers[key]},{text}" if key in headers else text
    return headers
