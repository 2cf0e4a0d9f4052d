"""Prefect's settings as the client reads them, compared with what the installed Prefect itself reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from prefect_pulumi.api.connection_settings import VARIABLES, ConnectionSettings, connection_settings
from prefect_pulumi.core.errors import ConfigError

PROFILES = """
active = "team"
[profiles.team]
PREFECT_API_URL = "https://profile.example.com/api"
PREFECT_API_KEY = "key-of-the-profile"
PREFECT_API_TLS_INSECURE_SKIP_VERIFY = true
PREFECT_API_REQUEST_TIMEOUT = "12.5"
PREFECT_CLIENT_CUSTOM_HEADERS = '{"X-Profile": "1"}'
[profiles.other]
PREFECT_API_URL = "https://other.example.com/api"
PREFECT_API_AUTH_STRING = "me:secret"
"""
PREFECT_TOML = """
[api]
url = "https://toml.example.com/api"
request_timeout = 20
tls_insecure_skip_verify = false
[client]
max_retries = 2
retry_extra_codes = [404, 429]
csrf_support_enabled = false
[client.custom_headers]
X-Toml = "a"
"""
PYPROJECT = """
[project]
name = "flows"
[tool.prefect]
profiles_path = "more.toml"
[tool.prefect.api]
url = "https://pyproject.example.com/api"
ssl_cert_file = "authority.pem"
[tool.prefect.client]
max_retries = 7
"""
DOTENV = """
# of this folder
export PREFECT_API_URL='https://dotenv.example.com/api'
prefect_api_key = key-$NAME
NAME=x
PREFECT_API_AUTH_STRING
"""


@dataclass(frozen=True)
class Case:
    """`files`: path below the case's folder -> text. Prefect's home is `home` in it."""

    environment: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


HOME = {"home/profiles.toml": PROFILES}
CASES = {
    "nothing": Case(),
    "profile": Case({}, HOME),
    "named profile": Case({"PREFECT_PROFILE": "other"}, HOME),
    "absent profile": Case({"PREFECT_PROFILE": "absent"}, HOME),
    "no active profile": Case({}, {"home/profiles.toml": PROFILES.replace('active = "team"', "")}),
    "broken profiles": Case({}, {"home/profiles.toml": "active = "}),
    "test mode": Case({"PREFECT_TEST_MODE": "1"}, HOME),
    "profiles elsewhere": Case({"PREFECT_PROFILES_PATH": "elsewhere.toml"}, {"elsewhere.toml": PROFILES}),
    "profiles of .env": Case({}, {**HOME, ".env": "PREFECT_PROFILES_PATH=p.toml", "p.toml": PROFILES}),
    "profiles of pyproject": Case({}, {**HOME, "pyproject.toml": PYPROJECT, "more.toml": PROFILES}),
    "environment": Case({"PREFECT_API_URL": "http://environment/api", "prefect_client_max_retries": "3"}, HOME),
    "empty address": Case({"PREFECT_API_URL": "", "PREFECT_API_KEY": ""}, HOME),
    ".env": Case({}, {**HOME, ".env": DOTENV}),
    "prefect.toml": Case({}, {**HOME, "prefect.toml": PREFECT_TOML}),
    "pyproject.toml": Case({}, {**HOME, "pyproject.toml": PYPROJECT}),
    "all": Case(
        {"PREFECT_API_AUTH_STRING": "a:b"},
        {**HOME, ".env": DOTENV, "prefect.toml": PREFECT_TOML, "pyproject.toml": PYPROJECT},
    ),
    "texts": Case(
        {
            "PREFECT_API_TLS_INSECURE_SKIP_VERIFY": "Yes",
            "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "off",
            "PREFECT_CLIENT_RETRY_EXTRA_CODES": "404,429",
            "PREFECT_CLIENT_CUSTOM_HEADERS": '{"A": "b"}',
        }
    ),
    "one code": Case({"PREFECT_CLIENT_RETRY_EXTRA_CODES": "404"}),
    "no codes": Case({"PREFECT_CLIENT_RETRY_EXTRA_CODES": ""}),
    "no number": Case({"PREFECT_API_REQUEST_TIMEOUT": "soon"}),
    "negative": Case({"PREFECT_CLIENT_MAX_RETRIES": "-1"}),
    "no truth": Case({"PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "perhaps"}),
    "no JSON": Case({"PREFECT_CLIENT_CUSTOM_HEADERS": "X-A: b"}),
    "no texts": Case({"PREFECT_CLIENT_CUSTOM_HEADERS": '{"A": 1}'}),
    "no code": Case({"PREFECT_CLIENT_RETRY_EXTRA_CODES": "many"}),
    "broken prefect.toml": Case({}, {"prefect.toml": "[api"}),
}
REAL = """
import json, os, sys
from prefect.settings import Settings
answers = {}
for name, (folder, environment) in json.load(sys.stdin).items():
    os.chdir(folder)
    for variable in [key for key in os.environ if key.lower().startswith("prefect_")]:
        del os.environ[variable]
    os.environ.update(environment)
    try:
        settings = Settings()
    except Exception:
        answers[name] = "refused"
        continue
    api, client = settings.api, settings.client
    answers[name] = {
        "api_url": api.url or "",
        "api_key": api.key.get_secret_value() if api.key else "",
        "auth_string": api.auth_string.get_secret_value() if api.auth_string else "",
        "custom_headers": client.custom_headers,
        "skip_verify": api.tls_insecure_skip_verify,
        "cert_file": os.path.abspath(api.ssl_cert_file) if api.ssl_cert_file else "",
        "csrf": client.csrf_support_enabled,
        "request_timeout": api.request_timeout,
        "max_retries": client.max_retries,
        "retry_codes": sorted(client.retry_extra_codes),
        "cloud_root": settings.cloud.api_url,
    }
json.dump(answers, sys.stdout)
"""
DEFAULTS = {"request_timeout": 60.0, "max_retries": 5}
"""Of Prefect, where the toolkit has times of its own."""


def lay_out(case: Case, folder: Path) -> dict[str, str]:
    """Writes the case's files; its environment."""
    for name, text in case.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return {"PREFECT_HOME": str(folder / "home"), **case.environment}


def plain(settings: ConnectionSettings) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(settings, name) for name in VARIABLES}
    values["retry_codes"] = sorted(values["retry_codes"])
    return {name: DEFAULTS.get(name) if value is None else value for name, value in values.items()}


def test_prefect_itself_reads_the_same(tmp_path: Path) -> None:
    asked: dict[str, tuple[str, dict[str, str]]] = {}
    own: dict[str, Any] = {}
    for index, (name, case) in enumerate(CASES.items()):
        folder = tmp_path / str(index)
        folder.mkdir()
        environment = lay_out(case, folder)
        asked[name] = (str(folder), environment)
        try:
            own[name] = plain(connection_settings({}, environment, folder))
        except ConfigError:
            own[name] = "refused"
    child = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", REAL],
        input=json.dumps(asked),
        env={
            **{name: value for name, value in os.environ.items() if name != "SSL_CERT_FILE"},
            "PREFECT_HOME": str(tmp_path / "home"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 0, child.stderr[-2000:]
    assert own == json.loads(child.stdout)
    assert own["all"]["api_url"] == "https://dotenv.example.com/api"  # the table is no table of defaults
    assert own["prefect.toml"]["custom_headers"] == {"X-Profile": "1", "X-Toml": "a"}


def test_every_value_says_where_it_is_from(tmp_path: Path) -> None:
    environment = lay_out(CASES["all"], tmp_path)
    settings = connection_settings({"apiKey": "of the stack"}, environment, tmp_path)
    assert settings.origin("api_key") == "the stack"
    assert settings.origin("api_url") == f"PREFECT_API_URL of {tmp_path / '.env'}"
    assert settings.origin("max_retries") == f"PREFECT_CLIENT_MAX_RETRIES of {tmp_path / 'prefect.toml'}"
    assert settings.origin("cert_file").endswith(f"[tool.prefect] of {tmp_path / 'pyproject.toml'}")
    assert settings.auth_string == ""  # the stack's credential is sent alone
    profile = connection_settings({}, lay_out(CASES["profile"], tmp_path / "p"), tmp_path / "p")
    assert profile.origin("api_url").endswith(f"profile 'team' of {tmp_path / 'p/home/profiles.toml'}")
    assert "key-of-the-profile" not in repr(profile)
    assert set(profile.secrets) == {"key-of-the-profile", "1"}


@pytest.mark.parametrize(
    ("address", "key", "passed_over"),
    [
        ("https://PROFILE.example.com/api/", "key-of-the-profile", ()),
        ("http://127.0.0.1:4200/api", "", ("api_key", "custom_headers", "skip_verify")),
    ],
)
def test_a_profiles_credentials_are_for_its_own_address(
    tmp_path: Path, address: str, key: str, passed_over: tuple[str, ...]
) -> None:
    environment = lay_out(CASES["profile"], tmp_path)
    settings = connection_settings({"apiUrl": address}, environment, tmp_path)
    assert (settings.api_key, settings.passed_over) == (key, passed_over)
    assert settings.request_timeout == 12.5
    given = connection_settings({"apiUrl": address}, {**environment, "PREFECT_API_KEY": "mine"}, tmp_path)
    assert given.api_key == "mine"


def test_headers_of_the_stack_are_added_to_those_of_its_address(tmp_path: Path) -> None:
    environment = lay_out(CASES["profile"], tmp_path)
    own = {"customHeaders": '{"X-Gateway": "g"}', "skipVerify": "false"}
    settings = connection_settings({"apiUrl": "https://profile.example.com/api", **own}, environment, tmp_path)
    assert settings.custom_headers == {"X-Profile": "1", "X-Gateway": "g"}
    assert settings.skip_verify is False
    elsewhere = connection_settings({"apiUrl": "https://x.example.com/api", **own}, environment, tmp_path)
    assert elsewhere.custom_headers == {"X-Gateway": "g"}
    assert elsewhere.origin("custom_headers") == "the stack"
    with pytest.raises(ConfigError, match="the stack: prefect:customHeaders: it is no JSON object of texts"):
        connection_settings({"customHeaders": "X-A: b"}, environment, tmp_path)


def test_a_child_gets_the_same_settings(tmp_path: Path) -> None:
    environment = lay_out(CASES["all"], tmp_path)
    settings = connection_settings({}, environment, tmp_path)
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / ".env").write_text("PREFECT_API_KEY=other\nPREFECT_API_TLS_INSECURE_SKIP_VERIFY=true\n")
    child = {**settings.environment(), "PREFECT_API_URL": settings.api_url, "PREFECT_HOME": str(inner)}
    assert plain(connection_settings({}, child, inner)) == plain(settings)
    portable = settings.portable_environment()
    assert portable["PREFECT_CLIENT_MAX_RETRIES"] == "2"
    assert "PREFECT_API_SSL_CERT_FILE" not in portable


def test_no_proxy_for_this_machine(tmp_path: Path) -> None:
    proxied = {"HTTPS_PROXY": "http://proxy:3128", "no_proxy": "example.com"}
    local = connection_settings({"apiUrl": "http://127.0.0.1:4200/api"}, proxied, tmp_path)
    assert local.environment()["NO_PROXY"] == "example.com,localhost,127.0.0.1,::1,127.0.0.1"
    assert "NO_PROXY" not in connection_settings({"apiUrl": "https://p/api"}, proxied, tmp_path).environment()


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("no number", "the environment: PREFECT_API_REQUEST_TIMEOUT: input should be a valid number"),
        ("no JSON", "PREFECT_CLIENT_CUSTOM_HEADERS: it is no JSON object of texts"),
        ("broken prefect.toml", "prefect.toml: Prefect's settings cannot be read: "),
    ],
)
def test_a_wrong_value_names_its_setting_and_its_source(tmp_path: Path, case: str, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        connection_settings({}, lay_out(CASES[case], tmp_path), tmp_path)
    assert words in str(refused.value)
