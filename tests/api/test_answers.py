"""Answers that are none: a gateway's page, nothing, JSON of another shape. Each is named, and never a traceback."""

from __future__ import annotations

import json
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from prefect_pulumi.api.blocking import BlockingClient
from prefect_pulumi.core.errors import (
    ApiError,
    ExitCode,
    NotFoundError,
    PrefectPulumiError,
    ServerUnavailableError,
    UnexpectedAnswerError,
)
from prefect_pulumi.core.provider_protocol import CreateRequest, DeleteRequest, ReadRequest, UpdateRequest
from prefect_pulumi.provider.provider import PrefectProvider
from tests.support.hosts import StrictHost
from tests.support.projects import Project

PAGE = b"<html><head><title>Sign in &amp; go on</title></head><body><h1>Hello</h1></body></html>"


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


HTML = {"content-type": "text/html; charset=utf-8"}
JSON = {"content-type": "application/json"}
ANSWERS = {
    "empty": Answer(),
    "204": Answer(204),
    "null": Answer(body=b"null", headers=JSON),
    "text": Answer(body=b'"ok"', headers=JSON),
    "number": Answer(body=b"1", headers=JSON),
    "list of texts": Answer(body=b'["ok"]', headers=JSON),
    "half": Answer(body=b'{"id": "', headers=JSON),
    "deep": Answer(body=b"[" * 100_000, headers=JSON),
    "not utf-8": Answer(body=b'{"id": "\xff\xfe"}', headers=JSON),
    "bad gzip": Answer(body=b"{}", headers={**JSON, "content-encoding": "gzip"}),
    "page": Answer(body=PAGE, headers=HTML),
    "page of a proxy": Answer(404, b"<html><h1>404 <b>Not</b> Found</h1>nginx</html>", HTML),
    "404 of a gateway": Answer(404, b'{"message": "no Route matched"}', JSON),
    "404 without content": Answer(404),
    "405 of a file server": Answer(405, b"<title>Not allowed</title>", HTML),
    "redirect": Answer(302, b"", {"location": "https://login.example/start"}),
}


@contextmanager
def answering(answer: Answer, context: ssl.SSLContext | None = None) -> Iterator[str]:
    """API address of a server that gives every request the same answer."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.status != 204:
                self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            if answer.status != 204:
                self.wfile.write(answer.body)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do  # noqa: N815 - names of the base class

        def log_message(self, *_: Any) -> None:
            """Nothing is logged."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"{'http' if context is None else 'https'}://127.0.0.1:{server.server_port}/api"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def asked(url: str, method: str, path: str) -> Any:
    client = BlockingClient(url)
    try:
        return client.request(method, path, json={} if method != "GET" else None)
    finally:
        client.close()


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize(("method", "path"), [("GET", "/variables/name/x"), ("POST", "/variables/filter")])
def test_an_answer_that_is_none(name: str, method: str, path: str) -> None:
    with answering(ANSWERS[name]) as url, pytest.raises(UnexpectedAnswerError) as caught:
        asked(url, method, path)
    assert caught.value.exit_code is ExitCode.CANNOT_CHECK
    assert "the server answers, but not like a Prefect API" in caught.value.message
    assert path in caught.value.where


@pytest.mark.parametrize(("method", "path"), [("GET", "/variables/name/x"), ("POST", "/variables/")])
def test_a_list_is_no_object(method: str, path: str) -> None:
    with (
        answering(Answer(body=b"[]", headers=JSON)) as url,
        pytest.raises(UnexpectedAnswerError, match="not an object"),
    ):
        asked(url, method, path)


@pytest.mark.parametrize(
    ("method", "path", "body", "says"),
    [
        ("POST", "/variables/filter", b"{}", "not a list of objects"),
        ("POST", "/flow_runs/count", b"{}", "not a number"),
        ("GET", "/admin/version", b"{}", "not a text"),
        ("GET", "/deployments/x/schedules", b"{}", "not a list of objects"),
        ("POST", "/events/filter", b"[]", "not an object"),
    ],
)
def test_each_route_has_its_shape(method: str, path: str, body: bytes, says: str) -> None:
    with answering(Answer(body=body, headers=JSON)) as url, pytest.raises(UnexpectedAnswerError, match=says):
        asked(url, method, path)


def test_status_type_and_title_are_said() -> None:
    said = {}
    for name in ("page", "page of a proxy", "redirect", "empty"):
        with answering(ANSWERS[name]) as url, pytest.raises(UnexpectedAnswerError) as caught:
            asked(url, "GET", "/variables/name/x")
        said[name] = str(caught.value)
    assert "HTTP 200, text/html, page titled 'Sign in & go on'" in said["page"]
    assert "HTTP 404, text/html, page titled '404 Not Found'" in said["page of a proxy"]
    assert "HTTP 302, no content type: a redirect to https://login.example/start" in said["redirect"]
    assert "to the address behind it: https://login.example/start" in said["redirect"]
    assert "HTTP 200, no content type: without content" in said["empty"]


def test_what_the_api_answers_is_taken() -> None:
    missing = Answer(404, b'{"detail": "Variable not found"}', JSON)
    with answering(missing) as url, pytest.raises(NotFoundError, match="Variable not found"):
        asked(url, "GET", "/variables/name/x")
    with answering(Answer(403, PAGE, HTML)) as url, pytest.raises(ApiError, match="HTTP 403: Sign in & go on"):
        asked(url, "GET", "/variables/name/x")
    for method in ("PATCH", "DELETE"):
        with answering(Answer(204)) as url:
            assert asked(url, method, "/variables/x") is None
    with answering(Answer(body=b'{"id": "1", "more": {}}', headers=JSON)) as url:
        row = asked(url, "GET", "/variables/name/x")
    assert row == {"id": "1", "more": {}}
    assert row.get("name") is None
    assert json.dumps(row) == '{"id": "1", "more": {}}'
    with pytest.raises(UnexpectedAnswerError, match="an object without 'name'"):
        row["name"]


ID = str(uuid4())
RESOURCES: dict[str, dict[str, Any]] = {
    "WorkPool": {"name": "x", "type": "process"},
    "WorkQueue": {"name": "x", "workPoolName": "y", "priority": 1},
    "Variable": {"name": "x", "value": 1},
    "GlobalConcurrencyLimit": {"name": "x", "limit": 1},
    "TaskRunConcurrencyLimit": {"tag": "x", "limit": 1},
    "Flow": {"name": "x"},
    "Deployment": {"name": "x", "flowName": "y"},
    "DeploymentSchedule": {"deploymentId": ID, "cron": "0 3 * * *"},
    "Automation": {"name": "x", "trigger": {"type": "event", "posture": "Reactive"}, "actions": [], "enabled": False},
    "BlockType": {"name": "x", "slug": "x"},
    "BlockSchema": {"blockTypeSlug": "x", "fields": {}},
    "BlockDocument": {"name": "x", "blockTypeSlug": "y", "data": {"a": 1}},
    "SecretBlock": {"name": "x", "value": "v"},
    "JsonBlock": {"name": "x", "value": {}},
}
BARE = {
    "empty object": Answer(body=b"{}", headers=JSON),
    "empty list": Answer(body=b"[]", headers=JSON),
    "list of empty objects": Answer(body=b"[{}]", headers=JSON),
    "null": ANSWERS["null"],
    "page": ANSWERS["page"],
    "page of a proxy": ANSWERS["page of a proxy"],
    "bad gzip": ANSWERS["bad gzip"],
}


def failure(call: Callable[[], Any]) -> PrefectPulumiError | None:
    try:
        call()
    except PrefectPulumiError as error:
        return error
    return None


@pytest.mark.parametrize("name", BARE)
@pytest.mark.parametrize("kind", RESOURCES)
def test_no_verb_of_a_kind_stumbles(kind: str, name: str, tmp_path: Path) -> None:
    """Of each verb: an outcome, or an error of ours that is no bad input and never "declare it in the program"."""
    urn, inputs = f"urn:pulumi:dev::project::prefect:index:{kind}::x", RESOURCES[kind]
    changed = {**inputs, **({"description": "new"} if kind == "WorkPool" else {"tags": ["new"]})}
    with answering(BARE[name]) as url:
        provider = PrefectProvider(tmp_path, StrictHost())
        provider.configure({"apiUrl": url})
        calls = {
            "create": lambda: provider.create(CreateRequest(urn, inputs)),
            "read": lambda: provider.read(ReadRequest(urn, ID, inputs, inputs)),
            "read_many": lambda: provider.read_many([ReadRequest(urn, ID, inputs, inputs)]),
            "update": lambda: provider.update(
                UpdateRequest(urn, ID, old_inputs=inputs, old_outputs=inputs, new_inputs=changed)
            ),
            "delete": lambda: provider.delete(DeleteRequest(urn, ID, inputs, inputs)),
        }
        for verb, call in calls.items():
            error = failure(call)
            if error is not None:
                assert error.exit_code in {ExitCode.CANNOT_CHECK, ExitCode.FAILED}, (verb, error)
            if error is not None and name in {"null", "page", "page of a proxy", "bad gzip"}:
                assert isinstance(error, UnexpectedAnswerError), (verb, error)
            if verb == "read" and name.startswith("page"):
                assert error is not None  # never "it is gone"
        provider.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of 127.0.0.1, which no authority has signed."""
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    key = file.with_name("key.pem")
    subprocess.run(
        f"openssl req -x509 -newkey rsa:2048 -nodes -keyout {key} -out {file} -days 2 -subj /CN=127.0.0.1 "
        "-addext subjectAltName=IP:127.0.0.1",
        shell=True,
        check=True,
        capture_output=True,
    )
    file.write_text(file.read_text() + key.read_text())
    return file


def test_a_failure_of_tls_is_said(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with answering(ANSWERS["page"], context) as url, pytest.raises(ServerUnavailableError) as caught:
        asked(url, "GET", "/variables/name/x")
    assert "the TLS connection failed: self-signed certificate" in caught.value.message
    assert "SSL_CERT_FILE" in caught.value.remedy
    with answering(ANSWERS["page"]) as url, pytest.raises(ServerUnavailableError, match="the TLS connection failed"):
        asked(url.replace("http://", "https://"), "GET", "/variables/name/x")


@pytest.mark.e2e
@pytest.mark.parametrize("command", [("preview",), ("up", "--yes"), ("import", "Variable", "x"), ("drift",)])
def test_the_command_ends_with_4(tmp_path: Path, command: tuple[str, ...]) -> None:
    program = "from prefect_pulumi.resources import Variable\nVariable.get('seen', 'x')\n"
    for name in ("page of a proxy", "null", "bad gzip"):
        with answering(ANSWERS[name]) as url:
            ended = Project.small(tmp_path / name, url, program).infra(*command, check=False)
        assert ended.returncode == 4, ended.stdout + ended.stderr
        assert "the server answers, but not like a Prefect API" in ended.stdout + ended.stderr
        assert "Traceback" not in ended.stderr
