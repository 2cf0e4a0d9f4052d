"""A proxy that holds the tests to Prefect Cloud's contract, and lets a server of one's own do the work behind it.

`TEST_CONTRACT=cloud` puts it before every server that the tests of a run share (`make matrix`). It refuses what Cloud
would refuse and writes it down; of the server's answers it keeps what Cloud gives, and judges what is left. What only
Cloud takes of an object is remembered here, by the object's id.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from functools import cache, cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from prefect_pulumi.api.capabilities import request_fields
from tests.support.cloud.contract import Contract, Json, Route, pruned
from tests.support.cloud.membership import ACCOUNT, WORKSPACE, Membership
from tests.support.cloud.stand_in import StandIn
from tests.support.cloud.versions import Versions

CHOICE = "TEST_CONTRACT"
PREFIX = f"/api/accounts/{ACCOUNT}/workspaces/{WORKSPACE}"
ELSEWHERE = {"GET /collections/work_pool_types": "/collections/views/aggregate-worker-metadata"}
"""Routes of Cloud that a server of one's own has under another path."""
PUSH_WORKERS: Json = {
    "prefect-aws-push": {
        "ecs:push": {
            "type": "ecs:push",
            "default_base_job_configuration": {
                "job_configuration": {"cpu": "{{ cpu }}"},
                "variables": {"type": "object", "properties": {"cpu": {"type": "integer", "title": "CPU"}}},
            },
        }
    }
}
"""A type that only Cloud has, in a form of the tests' own: the contract says nothing of templates."""
OF_CLOUD = {"account_id": ACCOUNT, "workspace_id": WORKSPACE, "account": ACCOUNT, "workspace": WORKSPACE}
"""What Cloud's answers have and a server's have not."""


@cache
def contract() -> Contract:
    return Contract()


class CloudProxy:
    """Context manager. `api_url` "": only what it plays itself is asked. `url`: the workspace's address. `faults`:
    what Prefect Cloud would not have taken or given."""

    def __init__(self, api_url: str) -> None:
        self._upstream = api_url.rstrip("/")
        self._http = httpx.Client(timeout=180)
        self._extras: dict[str, Json] = {}
        self.stand_in = StandIn(contract(), OF_CLOUD)
        self.membership = Membership(contract())
        self.versions = Versions(self._ask, self._extras)
        self.faults: list[str] = []
        self.seen: list[tuple[str, str]] = []
        self.listeners: list[Callable[[str, str, Any], object]] = []
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, content, headers = proxy.answer(self.command, self.path, body, dict(self.headers))
                self.send_response_only(status)
                for name, value in {"Date": self.date_time_string(), **headers}.items():
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815 - http.server's names

            def log_message(self, format: str, *args: object) -> None:
                """`seen` is enough."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that goes away is none of the proxy's business."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}{PREFIX}"

    def __enter__(self) -> CloudProxy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._http.close()

    @cached_property
    def _known(self) -> dict[str, frozenset[str]]:
        return request_fields(self._http.get(f"{self._upstream}/openapi.json").json())

    def answer(self, method: str, target: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes, Json]:
        """Status, content and headers of the answer to one request."""
        parts = urlsplit(target)
        path, place = _placed(parts.path)
        self.seen.append((method, path))
        route = contract().route(method, path)
        if route is None:
            return self._refusal(404, [contract().near(method, path)])
        sent = json.loads(body) if body else None
        for listener in self.listeners:
            listener(method, path, sent)
        faults = contract().request_faults(route, dict(parse_qsl(parts.query)), sent)
        if faults:
            return self._refusal(422, faults)
        if lacking := self.membership.lacking(route):
            return 403, json.dumps({"detail": f"Missing scopes: {', '.join(lacking)}"}).encode(), _JSON
        played = (
            self.membership.answer(route)
            or self.versions.answer(route, sent)
            or self.stand_in.answer(route, sent, place)
        )
        if played is not None:
            status, value = played
            if status < 300:
                self.faults += contract().answer_faults(route, status, value)
            content = b"" if value is None else json.dumps(value).encode()
            return status, content, _JSON
        own, extras = self._own_fields(route, sent)
        response = self._http.request(
            method,
            self._upstream + ELSEWHERE.get(route.key, path) + (f"?{parts.query}" if parts.query else ""),
            content=json.dumps(own) if body else b"",
            headers={name: value for name, value in headers.items() if name.lower() in _PASSED},
        )
        passed = {"Date": response.headers["date"], "Content-Type": response.headers.get("content-type", "")}
        if response.is_error:
            return response.status_code, response.content, passed
        status = _status(route, response.status_code)
        if sent is not None:
            self.versions.written(route, sent, response.json() if response.content else None)
        if not response.content or not route.answer(status):
            self._remember(route, None, extras)
            return status, b"", passed
        return status, json.dumps(self._judged(route, status, response.json(), extras)).encode(), passed

    def _ask(self, method: str, path: str, body: Any) -> Any:
        """Of the server behind."""
        response = self._http.request(method, self._upstream + path, json=body)
        response.raise_for_status()
        return response.json() if response.content else None

    def _refusal(self, status: int, faults: list[str]) -> tuple[int, bytes, Json]:
        self.faults += faults
        detail: Json = {"detail": "Not Found"}
        if status == 422:
            detail = {"exception_message": "Invalid request received.", "exception_detail": faults}
        return status, json.dumps(detail).encode(), _JSON

    def _own_fields(self, route: Route, sent: Any) -> tuple[Any, Any]:
        """What the server behind takes of a body, and the rest in the same shape."""
        verb, _, template = route.key.partition(" ")
        parts = ["{}" if part.startswith("{") else part for part in template.split("/")]
        known = self._known.get(f"{verb} {'/'.join(parts)}", frozenset())
        return _split(sent, "", known) if len(known) > 1 else (sent, {})

    def _remember(self, route: Route, row: Any, extras: Any) -> None:
        """What only Cloud takes, by the id of the object in the answer, else of the one in the path."""
        if isinstance(extras, list) and isinstance(row, list):
            for item, inner in zip(row, extras, strict=False):
                self._remember(route, item, inner)
        if not isinstance(extras, dict):
            return
        row = row if isinstance(row, dict) else {}
        named = [name for name in ("schedule_id", "id") if name in route.parameters]
        id = row.get("id") or (route.parameters[named[0]] if named else "")
        flat = {name: value for name, value in extras.items() if name != "schedules"}
        kept = {} if route.key.startswith("PUT ") else self._extras.get(id, {})
        self._extras[id] = kept | flat
        if row.get("schedules"):
            self._remember(route, row["schedules"], extras.get("schedules", []))

    def _judged(self, route: Route, status: int, value: Any, extras: Json) -> Any:
        """The answer as Cloud would give it; what it could not give is a fault."""
        self._remember(route, value, extras)
        schema = route.answer(status) or {}
        value = value | PUSH_WORKERS if route.key in ELSEWHERE else value
        value = self._completed(schema, pruned(contract(), schema, value))
        self.faults += contract().answer_faults(route, status, value)
        return value

    def _completed(self, schema: Json, value: Any) -> Any:
        schema = contract().resolved(schema)
        if isinstance(value, list):
            return [self._completed(schema.get("items", {}), row) for row in value]
        if not isinstance(value, dict):
            return value
        fields = contract().fields(schema)
        completed = {name: self._completed(fields.get(name, {}), inner) for name, inner in value.items()}
        completed |= {name: known for name, known in OF_CLOUD.items() if name in fields}
        if isinstance(value.get("id"), str):
            extras = self._extras.get(value["id"], {})
            completed |= {name: extra for name, extra in extras.items() if name in fields}
        return completed


INSTEAD: Json = {
    "actions": [{"type": "do-nothing"}],
    "actions_on_trigger": [],
    "actions_on_resolve": [],
    "trigger": {"type": "event", "posture": "Reactive", "expect": ["none"], "threshold": 1, "within": 0},
}
"""What a server of one's own gets where a field has a form that only Cloud takes."""


def _split(value: Any, place: str, known: Set[str]) -> tuple[Any, Any]:
    if isinstance(value, list):
        pairs = [_split(item, f"{place}[]", known) for item in value]
        return [own for own, _ in pairs], [extras for _, extras in pairs]
    if not isinstance(value, dict):
        return value, {}
    own, extras = {}, {}
    for name, inner in value.items():
        path = f"{place}.{name}" if place else name
        if path not in known and f"[].{name}" not in known:
            extras[name] = inner
        elif path in INSTEAD and not all(_types(inner, path, known)):
            own[name], extras[name] = INSTEAD[path], inner
        elif path == "schedules":
            own[name], extras[name] = _split(inner, path, known)
        else:
            own[name] = inner
    return own, extras


def _types(value: Any, place: str, known: Set[str]) -> Iterator[bool]:
    """Whether the server knows the type of each action or trigger in it."""
    if isinstance(value, list):
        for item in value:
            yield from _types(item, f"{place}[]", known)
    elif isinstance(value, dict):
        yield "type" not in value or f"{place}.type={value['type']}" in known
        yield from _types(value.get("triggers"), f"{place}.triggers", known)


def _placed(path: str) -> tuple[str, Json]:
    """The path below a workspace, and the ids of another account or workspace than the stack's."""
    match = re.match(r"/api/accounts/([^/]+)(?:/workspaces/([0-9a-f-]{36})(?=/))?", path)
    if match is None:
        return path, {}
    ids = dict(zip(("account_id", "workspace_id"), match.groups(), strict=True))
    place = {name: id for name, id in ids.items() if id not in (None, ACCOUNT, WORKSPACE)}
    return path[match.end() :] if ids["workspace_id"] else path, place


def _status(route: Route, own: int) -> int:
    """Cloud's, where the server says 200 and Cloud 201 or 204, or the other way round."""
    statuses = [int(status) for status in route.facts["answers"]]
    return own if own in statuses or len(statuses) > 1 else statuses[0]


_JSON = {"Content-Type": "application/json"}
_PASSED = frozenset({"content-type", "authorization", "accept"})


@contextmanager
def chosen_contract(api_url: str) -> Iterator[str]:
    """The address by which the tests of this run reach that server. Fails where one of them broke the contract."""
    if os.environ.get(CHOICE, "") != "cloud":
        yield api_url
        return
    with CloudProxy(api_url) as proxy:
        yield proxy.url
    if proxy.faults:
        pytest.fail("Prefect Cloud's contract:\n" + "\n".join(dict.fromkeys(proxy.faults)), pytrace=False)
