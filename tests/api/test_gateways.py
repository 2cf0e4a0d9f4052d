"""A real Prefect server behind a real nginx: what stands before the servers of teams."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from prefect_pulumi.api.blocking import BlockingClient
from prefect_pulumi.api.connection_settings import connection_settings
from prefect_pulumi.core.errors import (
    ApiError,
    ConfigError,
    PrefectPulumiError,
    ServerUnavailableError,
    UnexpectedAnswerError,
)
from tests.support.gateway import TOKEN, USER, Gateway, gateway

TOKEN_HEADER = {"PREFECT_CLIENT_CUSTOM_HEADERS": json.dumps({"X-Gateway-Token": TOKEN})}


@pytest.fixture(scope="module")
def front(prefect_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with gateway([prefect_server], tmp_path_factory.mktemp("gateway")) as known:
        yield known


def client_of(
    url: str, folder: Path, environment: dict[str, str] | None = None, stack: dict[str, str] | None = None
) -> BlockingClient:
    return BlockingClient(connection_settings({"apiUrl": url, **(stack or {})}, environment or {}, folder))


def round_trip(client: BlockingClient, pause: float = 0.0) -> None:
    """Creates, reads, lists, changes and deletes a variable."""
    name = f"gate_{uuid4().hex[:8]}"
    try:
        created = client.create("/variables/", {"name": name, "value": 1}, lambda: None)
        time.sleep(pause)
        assert client.request("GET", f"/variables/name/{name}")["id"] == created["id"]
        time.sleep(pause)
        client.request("PATCH", f"/variables/{created['id']}", json={"value": "x" * 4_000})
        body = {"variables": {"name": {"any_": [name]}}}
        assert len(client.paged("/variables/filter", body)[0]["value"]) == 4_000
        time.sleep(pause)
        client.request("DELETE", f"/variables/{created['id']}")
    finally:
        client.close()


@pytest.mark.parametrize(
    ("location", "environment", "pause"),
    [
        ("/team/prefect", {}, 0.0),
        ("/basic", {"PREFECT_API_AUTH_STRING": USER}, 0.0),
        ("/token", TOKEN_HEADER, 0.0),
        ("/idle", {}, 1.3),
        ("/old", {}, 0.0),
    ],
)
def test_the_api_is_used_through_it(
    front: Gateway, tmp_path: Path, location: str, environment: dict[str, str], pause: float
) -> None:
    round_trip(client_of(front.url(location), tmp_path, environment), pause)


STACK_HEADER = {"customHeaders": json.dumps({"X-Gateway-Token": TOKEN})}
WRONG_SETTINGS = {
    "PREFECT_CLIENT_CUSTOM_HEADERS": json.dumps({"X-Gateway-Token": "another"}),
    "PREFECT_API_SSL_CERT_FILE": "absent.pem",
    "PREFECT_API_TLS_INSECURE_SKIP_VERIFY": "false",
}


@pytest.mark.parametrize(
    ("environment", "stack"),
    [
        (TOKEN_HEADER | {"PREFECT_API_SSL_CERT_FILE": "authority.pem"}, {}),
        (TOKEN_HEADER | {"SSL_CERT_FILE": "authority.pem"}, {}),
        (TOKEN_HEADER | {"PREFECT_API_TLS_INSECURE_SKIP_VERIFY": "1"}, {}),
        (WRONG_SETTINGS, STACK_HEADER | {"certFile": "authority.pem"}),
        (WRONG_SETTINGS, STACK_HEADER | {"skipVerify": "true"}),
    ],
)
def test_tls_of_a_private_authority(front: Gateway, environment: dict[str, str], stack: dict[str, str]) -> None:
    """What the stack says comes before Prefect's settings."""
    round_trip(client_of(front.tls_url("/token"), front.authority.parent, environment, stack))


def refusal(client: BlockingClient) -> PrefectPulumiError:
    try:
        with pytest.raises(PrefectPulumiError) as refused:
            client.paged("/variables/filter")
    finally:
        client.close()
    return refused.value


def test_a_certificate_is_refused_with_its_reason_and_what_to_set(front: Gateway, tmp_path: Path) -> None:
    unknown = refusal(client_of(front.tls_url(), tmp_path))
    assert isinstance(unknown, ServerUnavailableError)
    assert "the TLS connection failed: unable to get local issuer certificate" in str(unknown)
    assert "set PREFECT_API_SSL_CERT_FILE" in unknown.remedy
    trusted = {"PREFECT_API_SSL_CERT_FILE": str(front.authority)}
    other_name = refusal(client_of(front.tls_url(host="localhost"), tmp_path, trusted))
    assert "hostname mismatch" in other_name.message.lower()
    assert f"{front.authority} (PREFECT_API_SSL_CERT_FILE of the environment)" in other_name.remedy
    (tmp_path / "empty.pem").write_text("")
    for name, reason in (("absent.pem", "No such file"), ("empty.pem", "it holds no certificate")):
        (tmp_path / "prefect.toml").write_text(f'[api]\nssl_cert_file = "{name}"\n')
        with pytest.raises(ConfigError, match=reason) as wrong:
            client_of(front.tls_url(), tmp_path)
        assert str(tmp_path / "prefect.toml") in wrong.value.remedy


@pytest.mark.parametrize(
    ("location", "kind", "words"),
    [
        ("/basic", ApiError, "HTTP 401: 401 Authorization Required"),
        ("/token", ApiError, "HTTP 401: {'message': 'who are you?'}"),
        ("/login", UnexpectedAnswerError, "/sign-in"),
        ("/page", UnexpectedAnswerError, "page titled 'Sign in'"),
    ],
)
def test_a_gateway_that_answers_itself_is_named(
    front: Gateway, tmp_path: Path, location: str, kind: type[PrefectPulumiError], words: str
) -> None:
    error = refusal(client_of(front.url(location), tmp_path))
    assert isinstance(error, kind)
    assert words in str(error)


def test_the_key_that_was_refused_is_named_by_its_source(front: Gateway, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PREFECT_API_KEY=wrong\n")
    error = refusal(client_of(front.url("/basic"), tmp_path))
    assert f"sent was that of PREFECT_API_KEY of {tmp_path / '.env'}" in error.remedy
    assert "wrong" not in str(error).replace(str(tmp_path), "")
