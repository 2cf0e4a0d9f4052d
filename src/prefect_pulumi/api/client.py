"""Async client of the Prefect REST API. Every failure leaves it as one of `errors.py`'s classes."""

from __future__ import annotations

import base64
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self

import anyio
import httpx

from prefect_pulumi.api.rate_limit import AdaptiveConcurrency
from prefect_pulumi.core.deadline import remaining
from prefect_pulumi.core.errors import ApiError, ConflictError, NotFoundError, OperationError, ServerUnavailableError
from prefect_pulumi.core.masking import Masker

API_VERSION = "0.8.4"
"""What prefect 3.8's own client sends as `X-PREFECT-API-VERSION`."""

PAGE = 200
"""Most rows that a `/filter` route returns."""

FIRST_WAIT = 0.1
LONGEST_WAIT = 2.0
READ_TIMEOUT = 30.0
FIRST_CONTACT = 5.0
"""Seconds after which a server that has never answered is said to be down, or asked whether it is."""
HEALTH_TIMEOUT = 3.0
OUTAGE = 30.0
"""Seconds for which one that has answered before may be away, as when it is started again."""
RETRIED = frozenset({429, 500, 502, 503, 504})
ATTEMPTS = 5
"""Before a server that takes requests but gives no good answer is given up."""
_READ_ROUTES = ("/filter", "/paginate", "/count")

Resolve = Callable[[], Awaitable[dict[str, Any] | None]]


class _Ambiguous(Exception):
    """The request may or may not have been carried out."""

    def __init__(
        self, error: ServerUnavailableError | ApiError, *, sent: bool = True, retry_after: float | None = None
    ) -> None:
        super().__init__(str(error))
        self.error = error
        self.sent = sent
        self.retry_after = retry_after


class PrefectClient:
    """Use as `async with`. `deadline`: seconds after which a server that gives no answer is given up.

    With `read_only` it sends GET and the POSTs of the list routes, and refuses all else before it is sent.

    Reads, PATCH and DELETE are retried on 429, 5xx and broken connections. A POST that makes something is
    retried only through `create`, which first asks whether the lost attempt had landed.
    """

    def __init__(
        self,
        api_url: str,
        *,
        api_key: str | None = None,
        auth_string: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        deadline: float = 10.0,
        read_only: bool = False,
    ) -> None:
        headers = {"X-PREFECT-API-VERSION": API_VERSION}
        if api_key:
            headers["Authorization"] = f"Bearer {api_key}"
        elif auth_string:
            headers["Authorization"] = "Basic " + base64.b64encode(auth_string.encode()).decode()
        self.api_url = api_url.rstrip("/")
        self._deadline = deadline
        self._read_only = read_only
        self._limit = AdaptiveConcurrency()
        self._under_way = 0
        self._answered = False
        self._gone: ServerUnavailableError | None = None
        """Set when a request has waited for the server in vain: no other one waits too."""
        self._waiting: deque[anyio.Event] = deque()
        self._http = httpx.AsyncClient(
            base_url=self.api_url,
            headers=headers,
            transport=transport,
            # Certificates are read only for those who need them: it takes a twentieth of a second.
            verify=not self.api_url.startswith("http://"),
            timeout=httpx.Timeout(READ_TIMEOUT, connect=min(3.0, deadline)),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._http.aclose()

    async def get(self, path: str, *, params: Mapping[str, Any] | None = None) -> Any:
        return await self.request("GET", path, params=params)

    async def post(self, path: str, *, json: Any = None) -> Any:
        return await self.request("POST", path, json=json)

    async def patch(self, path: str, *, json: Any) -> Any:
        return await self.request("PATCH", path, json=json)

    async def delete(self, path: str) -> Any:
        return await self.request("DELETE", path)

    async def paged(self, path: str, body: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """All rows of a `/filter` route, page by page."""
        rows: list[dict[str, Any]] = []
        while True:
            page = await self.post(path, json={**(body or {}), "limit": PAGE, "offset": len(rows)})
            rows.extend(page)
            if len(page) < PAGE:
                return rows

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        idempotent: bool | None = None,
    ) -> Any:
        """The answer's JSON, None when it has none.

        Raises `NotFoundError`, `ConflictError`, `ApiError` for what the server refuses, `ServerUnavailableError`
        when there is no usable answer within the deadline.
        """
        safe = method != "POST" or path.rstrip("/").endswith(_READ_ROUTES) if idempotent is None else idempotent
        began, attempt = time.monotonic(), 0
        while True:
            try:
                return await self._once(method, path, json, params)
            except _Ambiguous as failure:
                if failure.sent and not safe:
                    raise failure.error from failure.__cause__
                attempt += 1
                if not self._time_left(began, failure, attempt):
                    raise self._given_up(failure) from failure.__cause__
                await self._wait(failure, attempt)

    async def create(self, path: str, json: Any, resolve: Resolve) -> dict[str, Any]:
        """A POST that makes one object. After a lost answer `resolve` finds it by name, so it is never doubled.

        A conflict at the first clean try is somebody else's object: `ConflictError`.
        """
        began, attempt, lost = time.monotonic(), 0, False
        while True:
            try:
                made: dict[str, Any] = await self._once("POST", path, json, None)
                return made
            except ConflictError:
                found = await resolve() if lost else None
                if found is None:
                    raise
                return found
            except _Ambiguous as failure:
                lost = lost or failure.sent
                attempt += 1
                if not self._time_left(began, failure, attempt):
                    raise self._given_up(failure) from failure.__cause__
                await self._wait(failure, attempt)
                found = await resolve() if lost else None
                if found is not None:
                    return found

    def _given_up(self, failure: _Ambiguous) -> ServerUnavailableError | ApiError:
        if isinstance(failure.error, ServerUnavailableError):
            self._gone = failure.error
        return failure.error

    def _time_left(self, began: float, failure: _Ambiguous, attempt: int) -> bool:
        """Most of the time may have gone by in the queue for a slot, so a few attempts are due in any case."""
        longest = self._deadline
        if not self._answered:
            longest = min(FIRST_CONTACT, longest)
        elif isinstance(failure.error, ServerUnavailableError):  # no answer at all: it may be coming up again
            longest = max(OUTAGE, longest)
        if self._gone is not None:
            return False
        return time.monotonic() - began < longest or (failure.sent and attempt < ATTEMPTS)

    async def _wait(self, failure: _Ambiguous, attempt: int) -> None:
        ceiling = min(LONGEST_WAIT, FIRST_WAIT * 2**attempt)
        drawn = random.uniform(FIRST_WAIT / 2, ceiling)  # noqa: S311 - jitter, not a secret
        await anyio.sleep(drawn if failure.retry_after is None else failure.retry_after)

    async def _once(self, method: str, path: str, json: Any, params: Mapping[str, Any] | None) -> Any:
        if self._read_only and not (method == "GET" or (method == "POST" and path.endswith(_READ_ROUTES))):
            raise OperationError(f"{method} {path} would write, and this command only reads", where=self.api_url)
        try:
            with anyio.fail_after(remaining()):
                response = await self._answer(method, path, json, params)
        except TimeoutError as error:
            raise ServerUnavailableError(
                "it took longer than its custom timeout",
                where=f"{method} {self.api_url}{path}",
                remedy="run it again, with more time in `custom_timeouts`: what has been begun is looked for",
            ) from error
        self._answered = True
        if response.status_code in RETRIED:
            if response.status_code in {429, 503}:
                self._limit.overloaded()
            raise _Ambiguous(self._refused(method, path, response, json), retry_after=_retry_after(response))
        self._limit.succeeded(response.elapsed.total_seconds())
        if response.is_error or response.is_redirect:
            raise self._refused(method, path, response, json)
        if not response.content:
            return None
        try:
            return response.json()
        except ValueError as error:
            raise self._unavailable("it does not answer like a Prefect API", error) from error

    async def _answer(self, method: str, path: str, json: Any, params: Mapping[str, Any] | None) -> httpx.Response:
        async with self._slot():
            if self._gone is not None:
                raise self._gone
            try:
                return await self._sent(method, path, json=json, params=params)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                raise _Ambiguous(self._unavailable("no connection", error), sent=False) from error
            except httpx.TransportError as error:
                raise _Ambiguous(self._unavailable("the connection broke", error)) from error
            except httpx.InvalidURL as error:
                raise self._unavailable("it is not an address", error) from error

    async def _sent(self, method: str, path: str, json: Any, params: Mapping[str, Any] | None) -> httpx.Response:
        """One request. While the server has never answered, silence is not waited out: it may only accept."""
        if self._answered:
            return await self._http.request(method, path, json=json, params=params)
        response: httpx.Response | None = None
        failure: httpx.TransportError | httpx.InvalidURL | None = None
        async with anyio.create_task_group() as group:
            group.start_soon(self._give_up_when_silent, group.cancel_scope)
            try:
                response = await self._http.request(method, path, json=json, params=params)
            except (httpx.TransportError, httpx.InvalidURL) as error:
                failure = error
            group.cancel_scope.cancel()
        if failure is not None:
            raise failure
        if response is None:
            self._gone = self._gone or self._unavailable("it accepts connections and does not answer")
            raise self._gone
        return response

    async def _give_up_when_silent(self, request: anyio.CancelScope) -> None:
        """After `FIRST_CONTACT` GET /health is asked beside the request; any answer to either says it is alive."""
        await anyio.sleep(FIRST_CONTACT)
        if self._answered:
            return
        try:
            await self._http.get("/health", timeout=HEALTH_TIMEOUT)
        except httpx.TransportError:
            if not self._answered:
                request.cancel()
        else:
            self._answered = True

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        """Waits for its turn. Each that ends wakes as many as may go, and no others: all run on one loop."""
        while self._under_way >= self._limit.value:
            turn = anyio.Event()
            self._waiting.append(turn)
            try:
                await turn.wait()
            except BaseException:
                self._wake()  # its turn may have come in the same moment
                raise
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1
            self._wake()

    def _wake(self) -> None:
        for _ in range(min(len(self._waiting), self._limit.value - self._under_way)):
            self._waiting.popleft().set()

    def _unavailable(self, what: str, error: Exception | None = None) -> ServerUnavailableError:
        return ServerUnavailableError(
            what if error is None else f"{what} ({type(error).__name__})",
            where=self.api_url,
            remedy="is the server running? check PREFECT_API_URL and the stack's `server` settings",
        )

    def _refused(self, method: str, path: str, response: httpx.Response, sent: Any) -> ApiError:
        detail = _without(_detail(response), sent)
        where = f"{method} {self.api_url}{path}"
        status = response.status_code
        if status == 404:
            return NotFoundError(detail or "not found", status=status, detail=detail, where=where)
        if status == 409:
            return ConflictError(detail or "it exists already", status=status, detail=detail, where=where)
        remedy = ""
        if status in {401, 403}:
            remedy = (
                "check PREFECT_API_KEY or PREFECT_API_AUTH_STRING, or the stack's prefect:apiKey, prefect:authString"
            )
        return ApiError(f"HTTP {status}: {detail}", status=status, detail=detail, where=where, remedy=remedy)


def _detail(response: httpx.Response) -> str:
    """The server's own words, without the echo of what was sent (`input` of validation errors)."""
    try:
        body = response.json()
    except ValueError:
        return response.text[:300] or response.reason_phrase
    if isinstance(body, dict):
        faults = body.get("exception_detail") or body.get("detail") or body.get("exception_message") or body
        if isinstance(faults, list):
            return "; ".join(_fault(fault) for fault in faults)
        return str(faults)
    return str(body)


def _fault(fault: Any) -> str:
    if not isinstance(fault, dict):
        return str(fault)
    path = ".".join(str(part) for part in fault.get("loc", ()) if part != "body")
    return f"{path}: {fault.get('msg', '')}" if path else str(fault.get("msg", ""))


def _without(text: str, sent: Any) -> str:
    """Values that were sent as block data are secrets: an answer that echoes one is masked."""
    data = sent.get("data") if isinstance(sent, dict) else None
    return Masker([data]).text(text)


def _retry_after(response: httpx.Response) -> float | None:
    try:
        return min(float(response.headers["Retry-After"]), 10.0)
    except (KeyError, ValueError):
        return None
