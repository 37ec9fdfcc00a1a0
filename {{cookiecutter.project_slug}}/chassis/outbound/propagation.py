"""What each call carries on from the request that it is made for."""

from __future__ import annotations

from chassis.exchange import current

TRACE = (b"traceparent", b"tracestate")
"""W3C Trace Context: https://www.w3.org/TR/trace-context/"""


def propagated() -> dict[str, str]:
    """Headers of the request being served that say what a call belongs to.

    Baggage is not among them: it may hold what callers say of people, and goes to strangers.
    """
    exchange = current.get()
    if exchange is None:
        return {}
    headers = {"x-request-id": exchange.request_id}
    for name, value in exchange.scope["headers"]:
        if name in TRACE:
            key, text = name.decode(), value.decode("latin-1")
            headers[key] = f"{headers[key]},{text}" if key in headers else text
    return headers
