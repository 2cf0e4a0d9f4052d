"""The lists of a server, against stand-ins that answer as other servers do."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from prefect_pulumi.core.errors import ApiError
from prefect_pulumi.core.provider_protocol import ReadRequest, ReadResult
from prefect_pulumi.core.values import Secret
from prefect_pulumi.provider.inventory import LiveReader
from prefect_pulumi.provider.provider import PrefectProvider
from tests.support.hosts import SilentHost


@contextmanager
def answering(status: dict[str, int], rows: dict[str, object]) -> Iterator[tuple[str, list[str]]]:
    """A server that answers each path with its status (else 200) and rows (else none); the paths that were asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = self.path.removeprefix("/api")
            asked.append(path)
            data = json.dumps(rows.get(path, [])).encode()
            self.send_response(status.get(path, status.get("*", 200)))
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = answer  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def reader(url: str, folder: Path) -> Iterator[LiveReader]:
    provider = PrefectProvider(folder, SilentHost(), read_only=True)
    provider.configure({"apiUrl": url, "apiKey": Secret("of-nobody")})
    try:
        yield LiveReader(provider)
    finally:
        provider.close()


def request(kind: str, name: str, **outputs: object) -> ReadRequest:
    values = {"name": name, **outputs}
    return ReadRequest(f"urn:pulumi:dev::p::prefect:index:{kind}::{name}", "1", values, values)


def test_a_server_without_a_version_route_is_read_all_the_same(tmp_path: Path) -> None:
    """Prefect Cloud has none."""
    with answering({"/admin/version": 404}, {}) as (url, _), reader(url, tmp_path) as live:
        assert live.version() == ""
        listings = list(live.read([request("Variable", "a")]))
    assert all(listing.error is None for listing in listings)
    gone = next(answer for listing in listings for answer in listing.answers.values())
    assert isinstance(gone, ReadResult)
    assert gone.id == ""


def test_a_refused_key_is_asked_for_once(tmp_path: Path) -> None:
    with answering({"*": 401}, {}) as (url, asked), reader(url, tmp_path) as live:
        listings = list(live.read([request("Variable", "a"), request("Flow", "f")]))
    assert len(asked) == 1
    assert len({id(listing.error) for listing in listings}) == 1
    assert isinstance(listings[0].error, ApiError)
    assert "of-nobody" not in str(listings[0].error)
    assert any("Flow" in listing.kinds for listing in listings)


def test_one_list_that_is_refused_leaves_the_others(tmp_path: Path) -> None:
    rows = {"/variables/filter": [{"id": "1", "name": "a", "value": 2, "tags": [], "created": "2026-01-01T00:00:00Z"}]}
    with answering({"/automations/filter": 403}, rows) as (url, _), reader(url, tmp_path) as live:
        listings = {listing.kinds[0]: listing for listing in live.read([request("Variable", "a", value=1)])}
    assert listings["Automation"].error is not None
    assert [row.name for row in listings["Variable"].found] == ["a"]
    answer = next(iter(listings["Variable"].answers.values()))
    assert isinstance(answer, ReadResult)
    assert answer.outputs["value"] == 2


def test_kinds_of_which_the_state_has_nothing_are_listed_too(tmp_path: Path) -> None:
    rows = {"/v2/concurrency_limits/filter": [{"id": "1", "name": "a"}], "/work_pools/filter": []}
    with answering({}, rows) as (url, _), reader(url, tmp_path) as live:
        found = [row for listing in live.read([]) for row in listing.found]
    assert [(row.kind, row.name) for row in found] == [("GlobalConcurrencyLimit", "a")]
