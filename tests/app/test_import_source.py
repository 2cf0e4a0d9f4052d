"""Which server an import reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from prefect_pulumi.app.events import NullSink
from prefect_pulumi.app.imports.source import source_of
from prefect_pulumi.app.session.connection import connection_of
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.errors import ConfigError, InputError
from prefect_pulumi.core.masking import masking
from prefect_pulumi.project.stack import Stack

STACK = """
config:
  p:environment: {server: {api_url: "https://stack.example.com/api"}}
"""
PROFILES = """
active = "team"
[profiles.team]
PREFECT_API_URL = "https://team.example.com/api"
PREFECT_API_KEY = "key-of-the-team"
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose stack `prod` names a server, and a profile that names another one."""
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    (tmp_path / "Pulumi.prod.yaml").write_text(STACK)
    (tmp_path / "profiles.toml").write_text(PROFILES)
    monkeypatch.setenv("PREFECT_PROFILES_PATH", str(tmp_path / "profiles.toml"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_stack_names_its_own_server(root: Path) -> None:
    source = source_of(StackView(Stack(root, "prod"), NullSink()))
    assert source.inputs == {"apiUrl": "https://stack.example.com/api"}
    assert source.settings.passed_over == ("api_key",)


def test_a_stack_says_how_its_server_is_reached(root: Path) -> None:
    config = Stack(root, "prod").config_file
    config.write_text(config.read_text().replace('/api"', '/api", ca_file: ca.pem, insecure: false'))
    source = source_of(StackView(Stack(root, "prod"), NullSink()))
    given = {"certFile": str(root / "ca.pem"), "skipVerify": "false"}
    assert source.inputs == {"apiUrl": "https://stack.example.com/api", **given}


def test_without_a_stack_it_is_the_profiles_whose_key_is_masked(root: Path) -> None:
    with masking() as masker:
        source = source_of(StackView(Stack(root, "other"), NullSink()))
        assert source.inputs == {"apiUrl": "https://team.example.com/api", "apiKey": "key-of-the-team"}
        assert masker.text("it is key-of-the-team") == "it is [secret]"


def test_what_is_asked_for_counts_more_and_nothing_is_an_error(root: Path) -> None:
    assert source_of(None, "https://asked.example.com/api").inputs == {"apiUrl": "https://asked.example.com/api"}
    (root / "profiles.toml").unlink()
    with pytest.raises(InputError, match="prefect profile use"):
        source_of(None)


def test_a_stack_that_starts_its_server_has_none_before_that(root: Path) -> None:
    """Prefect's settings name another one, which is not to be taken for the stack's."""
    (root / "Pulumi.dev.yaml").write_text("config:\n  p:environment: {server: {embedded: true}}\n")
    with pytest.raises(ConfigError, match="stack dev has no server yet"):
        connection_of(Stack(root, "dev"), [])
    (root / "Pulumi.bare.yaml").write_text("config: {}\n")
    assert connection_of(Stack(root, "bare"), []).api_url == "https://team.example.com/api"
