"""The library's client, with everything it sends guarded: bulkhead, circuit breaker, retries."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from functools import cache, partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

import httpx2

from chassis.breaker import Breaker, CircuitOpen, Policy
from chassis.outbound.body import Body
from chassis.outbound.bulkhead import Bulkhead
from chassis.outbound.call import Call
from chassis.outbound.errors import DeadlineExceeded, Rejected
from chassis.outbound.problems import DEPENDENCY, SERVER_ERROR
from chassis.outbound.propagation import propagated
from chassis.outbound.record import Record
from chassis.outbound.retries import Retries
from chassis.series import series
from chassis.timing import track

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from ssl import SSLContext
    from typing import TypeAlias

    from chassis.outbound import Outbound
    from chassis.service import Service

    Try: TypeAlias = Callable[[], Awaitable[httpx2.Response]]


class Client(httpx2.AsyncClient):
    """Calls one other service: all methods of `httpx2.AsyncClient`, each of which ends in `send`.

    From outside in: deadline, bulkhead, retries, circuit breaker, timeout of the try. The breaker
    is inside the retries so that it counts, and lets through, what reaches the other side.
    """

    def __init__(self, settings: Outbound, service: Service) -> None:
        """Pin figures and a health check to the board; connect when first used."""
        super().__init__(
            base_url=settings.base_url,
            timeout=httpx2.Timeout(
                settings.try_timeout_seconds, connect=settings.connect_timeout_seconds
            ),
            limits=httpx2.Limits(  # the bulkhead bounds the connections
                max_connections=None,
                max_keepalive_connections=settings.max_concurrent,
                keepalive_expiry=settings.keepalive_seconds,
            ),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),  # no caller gets another's
            verify=certificates(),
            trust_env=False,  # neither proxies nor ~/.netrc
        )
        self._settings = settings
        self._outgoing = service.outgoing
        self._operation = f"outbound.{settings.dependency}"
        self._record = Record(settings.dependency, service)
        self._bulkhead = Bulkhead(settings.max_concurrent, settings.wait_seconds)
        self._retries = Retries(settings.retries, settings.retry_ratio)
        self._breaker = breaker(settings)
        self._pin(service)

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:  # noqa: ANN401 - the library's own
        """Send a request and give the answer, whatever its status.

        Raises Rejected if it was not made, DeadlineExceeded, and what the library raises: each is
        an `httpx2.HTTPError`.
        """
        call = self._begin(request)
        attempt = partial(super().send, request, **options)
        with self._record.of(call):
            try:
                return await self._admitted(call, attempt, streams=options.get("stream", False))
            except CircuitOpen as error:
                wait = error.retry_after
                raise Rejected("circuit open", request=request, retry_after=wait) from error

    def _begin(self, request: httpx2.Request) -> Call:
        request.extensions[DEPENDENCY] = self._settings.dependency
        deadline = asyncio.get_running_loop().time() + self._settings.timeout_seconds
        return Call(request, deadline, given=frozenset(request.headers))

    async def _admitted(self, call: Call, attempt: Try, *, streams: bool) -> httpx2.Response:
        """Take a place; an answer that is still to be read keeps it."""
        if not call.request.url.host:
            raise Rejected("it has no address", request=call.request)
        self._breaker.check()  # an open circuit lets nobody queue for a place
        await self._bulkhead.enter(call.request, call.deadline)
        with ExitStack() as place:
            place.callback(self._bulkhead.leave)
            answer = await self._persistently(call, attempt)
            if streams:
                answer.stream = Body(answer.stream, call, place.pop_all())
            return answer

    async def _persistently(self, call: Call, attempt: Try) -> httpx2.Response:
        """Try, and try again, until it has worked out or there is no point in another try."""
        self._retries.deposit()
        while True:
            try:
                answer = await self._breaker.call(self._once, call, attempt)
            except httpx2.TransportError as error:
                if (pause := self._retries.pause(call, error)) is None:
                    raise
            else:
                if (pause := self._retries.pause(call, answer)) is None:
                    return answer
                await answer.aclose()
            await asyncio.sleep(pause)

    async def _once(self, call: Call, attempt: Try) -> httpx2.Response:
        call.tries += 1
        call.answer = None
        now = asyncio.get_running_loop().time()
        until = min(now + self._settings.try_timeout_seconds, call.deadline)
        attributes: dict[str, str | int] = {
            "server.address": call.request.url.host,
            "http.request.method": call.request.method,
        }
        try:
            with track(self._operation, attributes):
                self._tell(call)
                async with asyncio.timeout_at(until):
                    answer = call.answer = await attempt()
                attributes["http.response.status_code"] = answer.status_code
                if answer.status_code >= SERVER_ERROR:
                    attributes["error.type"] = str(answer.status_code)
        except TimeoutError as error:
            message = "the service did not answer in time"
            raise DeadlineExceeded(message, request=call.request) from error
        return answer

    def _tell(self, call: Call) -> None:
        """Say on whose behalf the call is made; never over what the code says."""
        headers = propagated()
        for give in self._outgoing:
            told = give()
            if "traceparent" in told:  # another trace: the caller's state is none of it
                headers.pop("tracestate", None)
            headers.update(told)
        for name in headers.keys() - call.given:
            call.request.headers[name] = headers[name]

    def _pin(self, service: Service) -> None:
        of = partial(series, dependency=self._settings.dependency)
        retries, bulkhead = self._retries, self._bulkhead
        service.counters[of("outbound_retries_total")] = lambda: retries.made
        service.counters[of("outbound_retries_refused_total")] = lambda: retries.refused
        service.gauges[of("outbound_in_flight")] = lambda: bulkhead.in_flight
        service.gauges[of("outbound_waiting")] = lambda: bulkhead.waiting
        self._breaker.pin(service)


@cache
def certificates() -> SSLContext:
    """Read, once, whose signatures are trusted: SSL_CERT_FILE names others than the system's."""
    return httpx2.create_ssl_context()


def failed(error: Exception) -> bool | None:
    """Tell whether the service failed; None if what broke is on this side, such as an upload."""
    ours = isinstance(error, httpx2.LocalProtocolError | httpx2.UnsupportedProtocol)
    return True if isinstance(error, httpx2.HTTPError) and not ours else None


def breaker(settings: Outbound) -> Breaker:
    """Make the circuit breaker, which sees every try."""
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
        failed=failed,
        bad=lambda answer: answer.status_code >= SERVER_ERROR,
    )
