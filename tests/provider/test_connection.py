"""Where the address and the credentials come from."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from prefect_pulumi.core.errors import ConfigError
from prefect_pulumi.core.provider_protocol import CheckRequest, CreateRequest
from prefect_pulumi.core.values import UNKNOWN, Secret
from prefect_pulumi.provider.connection import Connection
from prefect_pulumi.provider.handlers.processes import ProcessWorkerHandler
from prefect_pulumi.provider.provider import PrefectProvider
from tests.support.hosts import SilentHost


def test_config_goes_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://environment/api")
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", "user:pass")
    (tmp_path / "prefect.toml").write_text("[api]\nrequest_timeout = 7\n")
    assert Connection({}, tmp_path).api_url == "http://environment/api"
    config = {"apiUrl": "https://api.prefect.cloud/api", "apiKey": Secret("pnu_key")}
    connection = Connection(config, tmp_path)
    assert connection.cloud
    assert connection.settings.secret_environment() == {"PREFECT_API_KEY": "pnu_key"}
    assert connection.settings.request_timeout == 7
    assert "pnu_key" not in repr(connection)


def test_nothing_configured_and_not_yet_known(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="prefect:apiUrl"):
        Connection({}, tmp_path).client()
    unknown = Connection({"apiUrl": UNKNOWN}, tmp_path)
    assert not unknown.known
    with pytest.raises(ConfigError, match="not known yet"):
        unknown.client()


def test_preview_needs_no_http_client(tmp_path: Path) -> None:
    provider = PrefectProvider(tmp_path, SilentHost())
    provider.configure({"apiUrl": "http://127.0.0.1:9/api"})
    urn = "urn:pulumi:dev::project::my:component:Pool$prefect:index:WorkPool::etl"
    inputs = provider.check(CheckRequest(urn, new_inputs={"type": "process"})).inputs
    assert inputs == {"type": "process", "name": "etl"}
    assert provider.create(CreateRequest(urn, inputs, preview=True)).outputs == {**inputs, "created": UNKNOWN}
    assert provider.connection._client is None
    provider.close()


def test_a_worker_gets_prefects_settings_and_its_own_go_before(tmp_path: Path) -> None:
    (tmp_path / "prefect.toml").write_text(
        '[api]\nssl_cert_file = "authority.pem"\nkey = "pnu_key"\n[client.custom_headers]\nX-Gateway = "open"\n'
    )
    provider = PrefectProvider(tmp_path, SilentHost())
    provider.configure({"apiUrl": "https://prefect.example.com/api"})
    urn = "urn:pulumi:dev::project::prefect:index:ProcessWorker::one"
    news = {"name": "one", "workPool": "etl", "directory": "worker"}
    handler = cast(ProcessWorkerHandler, provider.handler(urn))
    spec = handler.spec(provider.check(CheckRequest(urn, new_inputs=news)).inputs, "https://prefect.example.com/api")
    assert spec.connection_env["PREFECT_API_SSL_CERT_FILE"] == str(tmp_path / "authority.pem")
    assert spec.connection_env["PREFECT_API_AUTH_STRING"] == ""
    assert spec.secret_env == {"PREFECT_API_KEY": "pnu_key", "PREFECT_CLIENT_CUSTOM_HEADERS": '{"X-Gateway": "open"}'}
    assert "pnu_key" not in repr(spec)
    provider.close()
