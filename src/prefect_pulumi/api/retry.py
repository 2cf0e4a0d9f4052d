"""Sends requests to a server that may be slow, overloaded, restarting or down: when to wait, repeat or give up.

It works on an `httpx.AsyncClient`, not as a transport below one: a client with a transport of its own would no longer
follow the proxy variables of the environment.
"""

from __future__ import annotations

import contextlib
import math
import random
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import anyio
import httpx

from prefect_pulumi.api import answers
from prefect_pulumi.api.connection_settings import ConnectionSettings
from prefect_pulumi.api.rate_limit import AdaptiveConcurrency, MinuteBudget
from prefect_pulumi.api.server_clock import ServerClock
from prefect_pulumi.core.deadline import remaining
from prefect_pulumi.core.errors import PrefectPulumiError, ServerUnavailableError, UnexpectedAnswerError

FIRST_WAIT = 0.1
LONGEST_WAIT = 2.0
FIRST_CONTACT = 5.0
"""Seconds after which a server that has never answered is given up, or asked for its health."""
HEALTH_TIMEOUT = 3.0
OUTAGE = 30.0
"""Seconds for which one that has answered before may be away, as when it is started again."""
RETRY_AFTER_PATIENCE = 60.0
"""Seconds for which requests wait because the server asks for it (`Retry-After`), until it gives a good answer again. A
server that asks for more is given up."""
CLOUD_PATIENCE = 180.0
"""The same on Prefect Cloud, which counts by the minute."""
SAID_FROM = 2.0
"""Seconds of such a wait that are worth a line."""
RETRIED = frozenset({429, 500, 502, 503, 504})
OVERLOADED = frozenset({429, 503})
CONFLICT = 409
RATE_LIMITED = 429
_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNSUPPORTED_PROTOCOL"})
"""OpenSSL's reasons where the other side does not speak TLS, or not of this version."""
ATTEMPTS = 5
"""Before a server that takes requests but gives no good answer is given up."""
LOST = "lost"
"""Key of a response's `extensions`: whether an earlier attempt may have been carried out."""

Resolve = Callable[[], Awaitable[dict[str, Any] | None]]


@dataclass(frozen=True, slots=True)
class Repetition:
    """What may be done when an answer is lost: the request is `repeatable`, or `resolve` finds what it created."""

    repeatable: bool
    resolve: Resolve | None = None

    @property
    def allowed(self) -> bool:
        return self.repeatable or self.resolve is not None


@dataclass(frozen=True, slots=True)
class Resolved:
    """In place of an answer that was lost: the object that its request created."""

    found: dict[str, Any]


class _LostAnswerError(Exception):
    """The request may or may not have been carried out: `reason` says why, or is an answer that asks for another try.

    `reached`: it may have reached the server. `asked`: the answer says when to try again.
    """

    def __init__(self, reason: ServerUnavailableError | httpx.Response, *, reached: bool, asked: bool = False) -> None:
        super().__init__(str(reason))
        self.error = reason if isinstance(reason, ServerUnavailableError) else None
        self.response = reason if isinstance(reason, httpx.Response) else None
        self.reached = reached
        self.asked = asked

    def outcome(self) -> httpx.Response:
        """The answer, as the last one. Raises the error where there is none."""
        if self.response is not None:
            return self.response
        assert self.error is not None  # noqa: S101 - a reason is one or the other
        raise self.error from self.__cause__


class RetryingSender:
    """Sends the requests of one client. `patience`: seconds after which a server that gives no answer is given up.
    `say` gets a line when the server asks to wait, once.

    Prefect's own settings go before the times here: `request_timeout` is how long a first answer may take, and
    `max_retries` how often a request is sent again.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        settings: ConnectionSettings,
        patience: float,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self._http, self._settings, self._patience = http, settings, patience
        self._api_url = settings.api_url.rstrip("/")
        self._first_contact = settings.request_timeout or FIRST_CONTACT
        self._retried = RETRIED | settings.retry_codes
        self._say = say
        self._silent_until = 0.0
        """Of the monotonic clock: no request is sent before, because the server has asked for it."""
        self._asked_since: float | None = None
        self.clock = ServerClock()
        self._concurrency = AdaptiveConcurrency()
        self._slots = anyio.CapacityLimiter(self._concurrency.value)
        self._budget = MinuteBudget() if settings.cloud else None
        self._answered = False
        self._gone: ServerUnavailableError | None = None
        """Set when a request has waited for the server in vain: no other one waits too."""

    async def send(self, request: httpx.Request, where: str, repetition: Repetition) -> httpx.Response | Resolved:
        """The first answer that is not one of an overloaded or failing server, or the last of those.

        `where` names the request in errors. Raises `ServerUnavailableError` when there is no answer in time.
        """
        began, attempt, lost = time.monotonic(), 0, False
        while True:
            response: httpx.Response | None = None
            try:
                response = await self._attempt(request, where)
            except _LostAnswerError as failure:
                if failure.reached and not repetition.allowed:
                    return failure.outcome()
                lost = lost or failure.reached
                attempt += 1
                if not failure.asked and not self._time_left(began, failure, attempt):
                    self._gone = failure.error or self._gone
                    outcome = failure.outcome()
                    outcome.extensions[LOST] = lost
                    return outcome
                await _pause(attempt)
            if response is not None:
                response.extensions[LOST] = lost
                if response.status_code != CONFLICT:
                    return response
            # Only after a lost answer can the object be the one that this request created.
            created = await _created(repetition.resolve) if lost and repetition.resolve is not None else None
            if created is not None:
                return Resolved(created)
            if response is not None:
                return response

    def _time_left(self, began: float, failure: _LostAnswerError, attempt: int) -> bool:
        """Most of the time may have gone by in the queue for a slot, so a few attempts are due in any case."""
        longest = self._patience
        if not self._answered:
            longest = self._settings.request_timeout or min(FIRST_CONTACT, longest)
        elif failure.error is not None:  # no answer at all: it may be starting again
            longest = max(OUTAGE, longest)
        if self._gone is not None:
            return False
        in_time = time.monotonic() - began < longest
        if self._settings.max_retries is not None:
            return attempt <= self._settings.max_retries and (in_time or self._answered)
        return in_time or (failure.reached and attempt < ATTEMPTS)

    async def _attempt(self, request: httpx.Request, where: str) -> httpx.Response:
        """One answer, in a slot and before the operation's deadline. Raises `_LostAnswerError`."""
        try:
            with anyio.fail_after(remaining()):
                async with self._slots:
                    while self._gone is None and (left := self._silent_until - time.monotonic()) > 0:
                        await anyio.sleep(left)
                    if self._budget is not None:
                        while (left := self._budget.wait(time.monotonic())) > 0:
                            await anyio.sleep(left)
                        self._budget.sent(time.monotonic())
                    if self._gone is not None:
                        raise self._gone
                    response = await self._exchange(request)
        except TimeoutError as error:
            raise ServerUnavailableError(
                "it took longer than its custom timeout",
                where=where,
                remedy="rerun with a longer `custom_timeouts`; the next run picks up operations already started",
            ) from error
        self._answered = True
        if response.status_code in self._retried:
            if response.status_code in OVERLOADED:
                self._concurrency.overloaded()
                self._slots.total_tokens = self._concurrency.value
            raise _LostAnswerError(response, reached=True, asked=self._asked_to_wait(response))
        self._asked_since = None
        self._concurrency.succeeded(response.elapsed.total_seconds())
        self._slots.total_tokens = self._concurrency.value
        return response

    def _asked_to_wait(self, response: httpx.Response) -> bool:
        """Whether the answer says for how long to wait; then all requests do. Raises `ServerUnavailableError` when that
        is too long."""
        seconds = retry_after(response)
        if seconds is None:
            return False
        now = time.monotonic()
        self._asked_since = now if self._asked_since is None else self._asked_since
        patience = CLOUD_PATIENCE if self._settings.cloud else RETRY_AFTER_PATIENCE
        limited = response.status_code == RATE_LIMITED
        if self._budget is not None and limited and now >= self._silent_until:  # the others were under way
            self._budget.refused(now)
        if now + seconds - self._asked_since > patience:
            self._gone = ServerUnavailableError(
                f"HTTP {response.status_code}: it asks to wait {seconds:.0f} s, and the patience is {patience:.0f} s",
                where=self._api_url,
                remedy="run it again later",
            )
            raise self._gone
        self._silent_until = max(self._silent_until, now + seconds)
        if self._say is not None and seconds >= SAID_FROM:
            limit = f"rate limit of {self._api_url}: going on in {seconds:.0f} s"
            asked = f"{self._api_url} asks to wait {seconds:.0f} s (HTTP {response.status_code}): requests go on then"
            self._say(limit if limited and self._settings.cloud else asked)
            self._say = None
        return True

    async def _exchange(self, request: httpx.Request) -> httpx.Response:
        try:
            began = time.time()
            response = await (self._http.send(request) if self._answered else self._first_exchange(request))
        except httpx.DecodingError as error:
            raise UnexpectedAnswerError(
                f"the server answers, but not like a Prefect API: its content cannot be decoded ({error})",
                where=f"{request.method} {request.url}",
                remedy=answers.REMEDY,
            ) from error
        except httpx.ConnectError as error:
            fault = _tls_fault(error)
            if fault is None:
                raise _LostAnswerError(self.unavailable("no connection", error), reached=False) from error
            refused = self._tls_failed(fault)
            if isinstance(fault, ssl.SSLCertVerificationError) or fault.reason in _NO_TLS:
                raise refused from error  # another try ends in the same way
            raise _LostAnswerError(refused, reached=False) from error
        except httpx.ConnectTimeout as error:
            raise _LostAnswerError(self.unavailable("no connection", error), reached=False) from error
        except httpx.TransportError as error:
            raise _LostAnswerError(self.unavailable("the connection broke", error), reached=True) from error
        self.clock.observe(response, began)
        return response

    async def _first_exchange(self, request: httpx.Request) -> httpx.Response:
        """While the server has never answered, silence is not waited out: it may only accept connections."""
        response: httpx.Response | None = None
        failure: httpx.RequestError | None = None
        async with anyio.create_task_group() as group:
            group.start_soon(self._cancel_when_silent, group.cancel_scope)
            try:
                response = await self._http.send(request)
            except httpx.RequestError as error:
                failure = error
            group.cancel_scope.cancel()
        if failure is not None:
            raise failure
        if response is None:
            self._gone = self._gone or self.unavailable("it accepts connections and does not answer")
            raise self._gone
        return response

    async def learn_time(self) -> None:
        began = time.time()
        with contextlib.suppress(httpx.RequestError):
            self.clock.observe(await self._http.get("/health", timeout=HEALTH_TIMEOUT), began)

    async def _cancel_when_silent(self, exchange: anyio.CancelScope) -> None:
        """When the first answer is late, GET /health is asked beside it; any answer to either says it is alive."""
        await anyio.sleep(self._first_contact)
        if self._answered:
            return
        try:
            await self._http.get("/health", timeout=HEALTH_TIMEOUT)
        except httpx.DecodingError:
            self._answered = True
        except httpx.TransportError:
            if not self._answered:
                exchange.cancel()
        else:
            self._answered = True

    def _tls_failed(self, fault: ssl.SSLError) -> ServerUnavailableError:
        what = getattr(fault, "verify_message", "") or (fault.reason or str(fault)).lower().replace("_", " ")
        authorities = self._settings.origin("cert_file")
        trusted = f"the authorities of {self._settings.cert_file} ({authorities})" if authorities else "the usual ones"
        return ServerUnavailableError(
            f"the TLS connection failed: {what}",
            where=self._api_url,
            remedy="check the address (https or http) and the server's certificate; for an authority of your own set "
            f"PREFECT_API_SSL_CERT_FILE to the path of its certificate (trusted now: {trusted})",
        )

    def unavailable(self, what: str, error: Exception | None = None) -> ServerUnavailableError:
        origin = self._settings.origin("api_url")
        return ServerUnavailableError(
            what if error is None else f"{what} ({type(error).__name__})",
            where=self._api_url,
            remedy="is the server running? check PREFECT_API_URL and the stack's `server` settings"
            + (f" (the address is that of {origin})" if origin else ""),
        )


async def _created(resolve: Resolve) -> dict[str, Any] | None:
    try:
        return await resolve()
    except PrefectPulumiError as error:
        error.outcome_unknown = True  # of the create, whatever became of this question
        raise


def _tls_fault(error: BaseException) -> ssl.SSLError | None:
    """The failure of TLS that an error of the HTTP client comes from, if it is one."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    return cause


async def _pause(attempt: int) -> None:
    """Waits an exponentially growing time with jitter."""
    ceiling = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(attempt, 10))
    await anyio.sleep(random.uniform(FIRST_WAIT / 2, ceiling))  # noqa: S311 - jitter, not a secret


def retry_after(response: httpx.Response) -> float | None:
    """Seconds that the server asks to wait; None where it does not, or says it in no form of the header's."""
    text = response.headers.get("Retry-After", "")
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError, OverflowError):
            return None
        # A date without a zone is in UTC, as all of HTTP's.
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
