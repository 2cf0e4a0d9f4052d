"""Async client of the Prefect REST API. Every failure leaves it as one of `errors.py`'s classes."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from prefect_pulumi.api import answers, csrf
from prefect_pulumi.api.connection_settings import VARIABLES, ConnectionSettings
from prefect_pulumi.api.retry import LOST, Repetition, Resolve, Resolved, RetryingSender
from prefect_pulumi.core.errors import (
    ApiError,
    ConflictError,
    NotFoundError,
    OperationError,
    UnexpectedAnswerError,
)
from prefect_pulumi.core.masking import Masker

API_VERSION = "0.8.4"
"""What prefect 3.8's own client sends as `X-PREFECT-API-VERSION`."""

PAGE = 200
"""Most rows that a `/filter` route returns."""

READ_TIMEOUT = 30.0
CONNECT_TIMEOUT = 3.0
_READ_ROUTES = ("/filter", "/paginate", "/count")
_OWN_HEADERS = frozenset({"user-agent", csrf.TOKEN.lower(), csrf.CLIENT.lower()})
"""Those that no custom header replaces, as in Prefect's client."""


class PrefectClient:
    """Use as `async with`. `server`: how it is reached, or only its address, which raises `ConfigError` when it is
    none. `deadline`: seconds after which a server that gives no answer is given up.

    `say` gets a line when the server asks to wait, once. With `read_only` it sends GET and the POSTs of list routes,
    and refuses all else before it is sent.

    Reads, PATCH and DELETE are repeated on 429, 5xx and broken connections (`api.retry`). A POST that creates
    something is repeated only through `create`, which first asks whether the lost attempt has created it.
    """

    def __init__(
        self,
        server: ConnectionSettings | str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        deadline: float = 10.0,
        read_only: bool = False,
        say: Callable[[str], None] | None = None,
    ) -> None:
        settings = ConnectionSettings(api_url=server) if isinstance(server, str) else server
        settings.need_address()
        self.api_url = settings.api_url.rstrip("/")
        self.settings = settings
        self._read_only = read_only
        seconds = settings.request_timeout
        self._http = httpx.AsyncClient(
            base_url=self.api_url,
            headers=_headers(settings),
            transport=transport,
            verify=settings.verification(),
            # A proxy cannot reach this machine's own addresses.
            mounts={f"all://{httpx.URL(self.api_url).netloc.decode()}": None} if settings.loopback else None,
            timeout=httpx.Timeout(seconds or READ_TIMEOUT, connect=seconds or min(CONNECT_TIMEOUT, deadline)),
        )
        self._sender = RetryingSender(self._http, settings, deadline, say)
        self._csrf = csrf.CsrfToken(self._csrf_token)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._http.aclose()

    async def learn_server_time(self) -> None:
        """Asks for the server's time, once and briefly: whoever waits for the server does so with its own request."""
        await self._sender.learn_time()

    def server_time(self) -> float | None:
        """Unix seconds by the server's clock; None while it has not answered."""
        return self._sender.clock.now()

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
        """The answer's JSON (`answers.content`), None for a change without content.

        Raises `NotFoundError`, `ConflictError`, `ApiError` for what the server refuses, `ServerUnavailableError`
        when there is no usable answer within the deadline, `UnexpectedAnswerError` when another program answers.
        """
        repeatable = method != "POST" or _asks(path.rstrip("/")) if idempotent is None else idempotent
        return await self._send(method, path, json, params, Repetition(repeatable))

    async def create(self, path: str, json: Any, resolve: Resolve) -> dict[str, Any]:
        """A POST that creates one object. After a lost answer `resolve` finds it by name, so it is never doubled.

        A conflict at the first clean try is an object of another owner: `ConflictError`.
        """
        created: dict[str, Any] = await self._send("POST", path, json, None, Repetition(False, resolve))
        return created

    async def _send(
        self, method: str, path: str, json: Any, params: Mapping[str, Any] | None, repetition: Repetition
    ) -> Any:
        if self._read_only and not (method == "GET" or (method == "POST" and _asks(path))):
            raise OperationError(f"{method} {path} would write, and this command only reads", where=self.api_url)
        try:
            request = self._http.build_request(method, path, json=json, params=params)
        except httpx.InvalidURL as error:
            raise self._sender.unavailable("it is not an address", error) from error
        where = f"{method} {path if path.startswith('http') else self.api_url + path}"
        self._csrf.sign(request)
        response = await self._sender.send(request, where, repetition)
        if self.settings.csrf and isinstance(response, httpx.Response) and csrf.is_refusal(response):
            await self._csrf.renew(request)
            response = await self._sender.send(request, where, repetition)
        if isinstance(response, Resolved):
            return response.found
        if response.is_redirect:
            raise answers.unexpected(response, where, f"a redirect to {response.headers.get('location', 'nowhere')}")
        if response.is_error:
            raise self._refused(response, where, json)
        return answers.content(method, path, response, where)

    async def _csrf_token(self, client: str) -> str:
        row = await self.request("GET", "/csrf-token", params={"client": client})
        return str(row["token"])

    def _refused(self, response: httpx.Response, where: str, sent: Any) -> ApiError | UnexpectedAnswerError:
        detail = _without(_detail(response), sent)
        status = response.status_code
        # Prefect Cloud has no route of the version, and what stands before it may say so.
        if status in {404, 405} and not answers.is_refusal(response) and not where.endswith("/version"):
            return answers.unexpected(response, where, "no refusal of the API")
        if status == 404:
            return NotFoundError(detail or "not found", status=status, detail=detail, where=where)
        if status == 409:
            return ConflictError(detail or "it exists already", status=status, detail=detail, where=where)
        remedy = self._credentials_remedy(response) if status in {401, 403} else ""
        error = ApiError(f"HTTP {status}: {detail}", status=status, detail=detail, where=where, remedy=remedy)
        error.outcome_unknown = status >= 500 or response.extensions.get(LOST, False)
        return error

    def _credentials_remedy(self, response: httpx.Response) -> str:
        if csrf.is_refusal(response) and not self.settings.csrf:
            return f"set {self.settings.origin('csrf')} to true"
        own = ", ".join(f"prefect:{key}" for key in ("apiKey", "authString", "customHeaders"))
        names = f"PREFECT_API_KEY or PREFECT_API_AUTH_STRING, or the stack's {own}"
        fields = ("auth_string", "api_key", "custom_headers")
        sent = [self.settings.origin(field) for field in fields if getattr(self.settings, field)]
        origins = [origin for origin in sent if origin]
        passed_over = [VARIABLES[field] for field in self.settings.passed_over if field in fields]
        if origins:
            return f"check {names}; sent was that of {', '.join(origins)}"
        if passed_over:
            return f"check {names}; {', '.join(passed_over)} of Prefect's profile or files is for another address"
        return f"check {names}"


def _asks(path: str) -> bool:
    """Whether a POST there changes nothing."""
    return path.endswith(_READ_ROUTES) or "/slas/by-owner/" in path


def _headers(settings: ConnectionSettings) -> dict[str, str]:
    """Prefect's client takes the auth string before the key, and custom headers before both."""
    headers = {"X-PREFECT-API-VERSION": API_VERSION}
    if settings.auth_string:
        headers["Authorization"] = "Basic " + base64.b64encode(settings.auth_string.encode()).decode()
    elif settings.api_key:
        headers["Authorization"] = f"Bearer {settings.api_key}"
    custom = {name: value for name, value in settings.custom_headers.items() if name.lower() not in _OWN_HEADERS}
    replaced = {name.lower() for name in custom}
    return {**{name: value for name, value in headers.items() if name.lower() not in replaced}, **custom}


def _detail(response: httpx.Response) -> str:
    """The server's own words, without the echo of what was sent (`input` of validation errors)."""
    try:
        body = response.json()
    except ValueError:
        return answers.title(response) or response.text[:300] or response.reason_phrase
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
