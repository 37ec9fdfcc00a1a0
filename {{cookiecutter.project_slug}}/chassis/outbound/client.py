"""The library's client, with deadline, concurrency limit, retries and circuit breaker (R9)."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from functools import partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

import httpx2
from anyio import CapacityLimiter

from chassis.breaker import Breaker, CircuitOpen, Policy
from chassis.exchange import current_exchange
from chassis.outbound.bulkhead import acquire_slot
from chassis.outbound.call import Call
from chassis.outbound.errors import DeadlineExceeded, Rejected
from chassis.outbound.problems import DEPENDENCY, SERVER_ERROR
from chassis.outbound.recorder import CallRecorder
from chassis.outbound.retries import RetryPolicy
from chassis.outbound.streaming import StreamedBody
from chassis.series import series
from chassis.timing import track

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeAlias

    from chassis.outbound import Outbound
    from chassis.service import Service

    Send: TypeAlias = Callable[[], Awaitable[httpx2.Response]]


class Client(httpx2.AsyncClient):
    """Calls one other service, with all methods of `httpx2.AsyncClient`: each ends in `send`.

    From outside in: deadline, concurrency limit, retries, circuit breaker, timeout of the try. The
    breaker is inside the retries, so that it counts and admits every try.
    """

    def __init__(self, settings: Outbound, service: Service) -> None:
        """Register counters and a health check on the board; connect at first use."""
        super().__init__(
            base_url=settings.base_url,
            timeout=httpx2.Timeout(
                settings.try_timeout_seconds, connect=settings.connect_timeout_seconds
            ),
            limits=httpx2.Limits(  # the concurrency limit bounds the connections
                max_connections=None,
                max_keepalive_connections=settings.max_concurrent,
                keepalive_expiry=settings.keepalive_seconds,
            ),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),  # no caller gets another's
            verify=httpx2.create_ssl_context(),  # SSL_CERT_FILE replaces the system's authorities
            trust_env=False,  # neither proxies nor ~/.netrc
            event_hooks={"request": [self._check_origin]},
        )
        self._settings = settings
        self._outgoing_headers = service.outgoing_headers
        self._operation = f"outbound.{settings.dependency}"
        self._recorder = CallRecorder(settings.dependency, service)
        self._limiter = CapacityLimiter(settings.max_concurrent)
        self._retry_policy = RetryPolicy(settings.retries, settings.retry_ratio)
        self._breaker = make_breaker(settings)
        self._register_counters(service)

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:  # noqa: ANN401 - the library's own
        """Send a request and return the response, whatever its status.

        Raises Rejected if it was not sent, DeadlineExceeded, and the library's errors: each is an
        `httpx2.HTTPError`.
        """
        request.extensions[DEPENDENCY] = self._settings.dependency
        deadline = asyncio.get_running_loop().time() + self._settings.timeout_seconds
        call = Call(request, deadline, explicit_headers=frozenset(request.headers))
        send = partial(super().send, request, **options)
        with self._recorder.record(call):
            try:
                return await self._send_limited(call, send, stream=options.get("stream", False))
            except CircuitOpen as error:
                wait = error.retry_after
                raise Rejected("circuit open", request=request, retry_after=wait) from error

    async def _send_limited(self, call: Call, send: Send, *, stream: bool) -> httpx2.Response:
        """Send while holding a slot; a streamed response holds it until it is closed."""
        if not self.base_url.host:
            raise Rejected("no base URL is set", request=call.request)
        self._breaker.check()  # while the circuit is open, nothing waits for a slot
        await acquire_slot(self._limiter, call, self._settings.wait_seconds)
        with ExitStack() as slot:
            slot.callback(self._limiter.release_on_behalf_of, call)
            response = await self._send_with_retries(call, send)
            if stream:
                response.stream = StreamedBody(response.stream, call, slot.pop_all())
            return response

    async def _send_with_retries(self, call: Call, send: Send) -> httpx2.Response:
        self._retry_policy.budget.record_call()
        while True:
            try:
                response = await self._breaker.call(self._send_once, call, send)
            except httpx2.TransportError as error:
                if (delay := self._retry_policy.next_delay(call, error)) is None:
                    raise
            else:
                if (delay := self._retry_policy.next_delay(call, response)) is None:
                    return response
                await response.aclose()
            await asyncio.sleep(delay)

    async def _send_once(self, call: Call, send: Send) -> httpx2.Response:
        call.tries += 1
        call.response = None
        now = asyncio.get_running_loop().time()
        attributes: dict[str, str | int] = {
            "server.address": call.request.url.host,
            "http.request.method": call.request.method,
        }
        try:
            with track(self._operation, attributes):
                self._set_headers(call)
                until = min(now + self._settings.try_timeout_seconds, call.deadline)
                async with asyncio.timeout_at(until):
                    response = call.response = await send()
                attributes["http.response.status_code"] = response.status_code
                if response.status_code >= SERVER_ERROR:
                    attributes["error.type"] = str(response.status_code)
        except TimeoutError as error:
            message = "deadline exceeded: the service did not answer in time"
            raise DeadlineExceeded(message, request=call.request) from error
        return response

    async def _check_origin(self, request: httpx2.Request) -> None:
        """Refuse to send a request, also a redirected one, to any other service."""
        if origin(request.url) != origin(self.base_url):
            message = (
                f"the client of {self._settings.dependency} calls its own base URL only: "
                "use a path, or declare another service"
            )
            raise httpx2.LocalProtocolError(message, request=request)

    def _set_headers(self, call: Call) -> None:
        """Propagate the request id and the board's headers; headers set by the code are kept."""
        exchange = current_exchange.get()
        headers = {"x-request-id": exchange.request_id} if exchange else {}
        for provide in self._outgoing_headers:
            headers.update(provide())
        for name in headers.keys() - call.explicit_headers:
            call.request.headers[name] = headers[name]

    def _register_counters(self, service: Service) -> None:
        of = partial(series, dependency=self._settings.dependency)
        policy, limiter = self._retry_policy, self._limiter
        service.counters[of("outbound_retries_total")] = lambda: policy.retries
        service.counters[of("outbound_retries_refused_total")] = lambda: policy.refused
        service.gauges[of("outbound_in_flight")] = lambda: limiter.borrowed_tokens
        service.gauges[of("outbound_waiting")] = lambda: limiter.statistics().tasks_waiting
        self._breaker.register(service)


def origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    """Return scheme, host and port; the port is None if it is the scheme's default."""
    return url.scheme, url.host, url.port


def is_failure(error: Exception) -> bool | None:
    """Return whether the service failed; None if the cause is on our side, such as an upload."""
    ours = isinstance(error, httpx2.LocalProtocolError | httpx2.UnsupportedProtocol)
    return True if isinstance(error, httpx2.HTTPError) and not ours else None


def make_breaker(settings: Outbound) -> Breaker:
    """Return the circuit breaker, which counts every try."""
    policy = Policy(
        failure_ratio=settings.breaker_failure_ratio,
        minimum_calls=settings.breaker_minimum_tries,
        window_seconds=settings.breaker_window_seconds,
        open_seconds=settings.breaker_open_seconds,
        trial_seconds=2 * settings.try_timeout_seconds,
    )
    return Breaker(
        settings.dependency,
        policy,
        is_failure=is_failure,
        is_failed_result=lambda response: response.status_code >= SERVER_ERROR,
    )
