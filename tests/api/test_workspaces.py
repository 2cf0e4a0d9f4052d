"""Workspaces of Prefect Cloud by their handles, and addresses that do not tell that they are Cloud's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from prefect_pulumi.api.connection_settings import ConnectionSettings, connection_settings
from prefect_pulumi.api.workspaces import chosen, resolved
from prefect_pulumi.app.session.connection import Connection, connect, server_inputs
from prefect_pulumi.core.errors import ConfigError, PrefectPulumiError
from prefect_pulumi.models.provider_config import handles, is_cloud, workspace_address
from prefect_pulumi.project.secret_settings import SettingsError
from prefect_pulumi.project.settings import parse_environment
from prefect_pulumi.provider.provider import PrefectProvider
from tests.support.cloud.membership import ACCOUNT, ROW, WORKSPACE
from tests.support.cloud.proxy import CloudProxy
from tests.support.hosts import KeepingHost

IDS = f"accounts/{ACCOUNT}/workspaces/{WORKSPACE}"


@pytest.fixture(scope="module")
def cloud() -> Iterator[str]:
    """The address above all accounts."""
    with CloudProxy("") as proxy:
        yield proxy.url.partition("/accounts/")[0]


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("https://api.prefect.cloud/api/accounts/acme/workspaces/production", ("acme", "production")),
        (f"https://api.prefect.cloud/api/accounts/{ACCOUNT}/workspaces/production/", (ACCOUNT, "production")),
        (f"https://api.prefect.cloud/api/{IDS}", None),
        ("http://127.0.0.1:4200/api", None),
        ("https://[broken", None),
    ],
)
def test_an_address_may_have_handles(address: str, named: tuple[str, str] | None) -> None:
    assert handles(address) == named


@pytest.mark.parametrize("workspace", ["acme/production", f"{ACCOUNT}/production", f"acme/{WORKSPACE}"])
def test_a_workspace_is_chosen_by_handle_or_id(workspace: str) -> None:
    assert chosen([ROW], workspace) == ROW
    assert chosen([ROW], f"{workspace}x") is None


@pytest.mark.parametrize(
    ("server", "address"),
    [
        ({"workspace": "acme/production"}, "https://api.prefect.cloud/api/accounts/acme/workspaces/production"),
        (
            {"workspace": "acme/production", "api_url": "https://prefect.example.com/api"},
            "https://prefect.example.com/api/accounts/acme/workspaces/production",
        ),
        (
            {"api_url": "https://app.prefect.cloud/account/acme/workspace/production"},
            "https://api.prefect.cloud/api/accounts/acme/workspaces/production",
        ),
    ],
)
def test_a_stack_names_its_workspace(server: dict[str, Any], address: str) -> None:
    assert parse_environment({"server": server}, "prod").server.address == address
    assert server_inputs({"server": server})["apiUrl"] == address


@pytest.mark.parametrize(
    "server", [{"workspace": "acme"}, {"embedded": True, "cloud": True}, {"embedded": True, "workspace": "a/b"}]
)
def test_a_server_that_makes_no_sense_is_refused(server: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=r"environment\.server"):
        parse_environment({"server": server}, "prod")


def test_handles_are_looked_up_with_the_key(cloud: str, tmp_path: Path) -> None:
    config = {"apiUrl": workspace_address("acme/production", cloud), "apiKey": "pnu_of-a-test"}
    assert connect(config, tmp_path).api_url == f"{cloud}/{IDS}"
    host = KeepingHost()
    provider = PrefectProvider(tmp_path, host)
    provider.configure({**config, "apiKey": "pnu_of-a-provider"})
    assert [provider.connection.api_url for _ in range(2)] == [f"{cloud}/{IDS}"] * 2
    assert host.lines == [("info", f"workspace acme/production is {cloud}/{IDS}")]
    provider.close()


@pytest.mark.parametrize(
    ("workspace", "key", "message", "remedy"),
    [
        ("acme/production", "", "is looked up with a key of Prefect Cloud", "infra config set --secret prefect:apiKey"),
        ("acme/prodction", "pnu_a", "the key sees no workspace acme/prodction", "did you mean acme/production?"),
        ("x/y", "pnu_a", "the key sees no workspace x/y", "write one of: acme/production"),
    ],
)
def test_a_workspace_that_is_not_found_says_what_to_type(
    cloud: str, workspace: str, key: str, message: str, remedy: str
) -> None:
    settings = ConnectionSettings(api_url=workspace_address(workspace, cloud), api_key=key)
    with pytest.raises(ConfigError) as caught:
        resolved(settings)
    assert message in caught.value.message
    assert remedy in caught.value.remedy


def test_a_refused_look_up_names_the_route() -> None:
    settings = ConnectionSettings(api_url=workspace_address("a/b", "http://127.0.0.1:1/api"), api_key="pnu_a")
    with pytest.raises(PrefectPulumiError) as caught:
        resolved(settings)
    assert "127.0.0.1:1" in str(caught.value)


GATEWAY = "https://prefect.example.com/prod/api"


@pytest.mark.parametrize(
    ("config", "environment", "cloud"),
    [
        ({"apiUrl": GATEWAY}, {}, False),
        ({"apiUrl": GATEWAY, "cloud": "true"}, {}, True),
        ({"apiUrl": GATEWAY}, {"PREFECT_CLOUD_API_URL": "https://prefect.example.com/prod/api/"}, True),
        ({"apiUrl": GATEWAY}, {"PREFECT_CLOUD_API_URL": "https://prefect.example.com/pro"}, False),
        ({"apiUrl": f"https://prefect.example.com/api/{IDS}", "cloud": "false"}, {}, False),
    ],
)
def test_the_stack_says_whether_it_is_cloud(
    config: dict[str, str], environment: dict[str, str], cloud: bool, tmp_path: Path
) -> None:
    settings = connection_settings(config, environment, tmp_path)
    assert settings.cloud is cloud
    assert ("PREFECT_CLOUD_API_URL" in settings.environment()) is cloud
    server = Connection(settings).server_settings
    assert ("cloud" in server) is (cloud is not is_cloud(config["apiUrl"]))
    assert connection_settings(server_inputs({"server": server}), {}, tmp_path).cloud is cloud
