"""The backend that `pulumi login` chose: when it counts, and what comes before it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prefect_pulumi.core.errors import ConfigError, UnsupportedError
from prefect_pulumi.project import pulumi_home
from prefect_pulumi.project.stack import Stack

EMBEDDED = "config:\n  p:environment:\n    server:\n      embedded: true\n"
REMOTE = "config:\n  p:environment:\n    server:\n      api_url: http://127.0.0.1:9/api\n"
LOGIN, VARIABLE, PROJECT = "file:///of/the/login", "file:///of/the/variable", "file:///of/the/project"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.delenv("PULUMI_CREDENTIALS_PATH")
    monkeypatch.setenv("PULUMI_HOME", str(folder))
    return folder


def log_in(home: Path, url: str) -> None:
    accounts = {url: {"accessToken": "pul-x"}}
    (home / "credentials.json").write_text(json.dumps({"current": url, "accounts": accounts}))


def stack_in(root: Path, text: str = REMOTE, more: str = "") -> Stack:
    root.mkdir()
    (root / "Pulumi.yaml").write_text(f"name: p\nruntime: python\n{more}")
    (root / "Pulumi.dev.yaml").write_text(text)
    return Stack(root, "dev")


def test_without_a_login_the_state_is_in_the_project(tmp_path: Path, home: Path) -> None:
    stack = stack_in(tmp_path / "p")
    assert stack.store.where("") == str(tmp_path / "p" / ".infra" / "state")
    (home / "credentials.json").write_text("")
    assert stack.backend_url == ""
    (home / "credentials.json").write_text('{"accounts": {}}')
    assert stack.backend_url == ""


def test_the_order_is_that_of_the_official_cli(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log_in(home, LOGIN)
    assert stack_in(tmp_path / "login").store.where("") == "/of/the/login"
    project = stack_in(tmp_path / "project", more=f"backend: {{url: '{PROJECT}'}}\n")
    assert project.store.where("") == "/of/the/project"
    monkeypatch.setenv("PULUMI_BACKEND_URL", VARIABLE)
    assert Stack(project.root, "dev").store.where("") == "/of/the/variable"
    own = stack_in(tmp_path / "own", more="promotion: {backends: {dev: 'file:///of/the/stack'}}\n")
    assert own.store.where("") == "/of/the/stack"


def test_another_folder_of_credentials(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log_in(home, LOGIN)
    monkeypatch.setenv("PULUMI_CREDENTIALS_PATH", str(tmp_path))
    assert pulumi_home.logged_in_backend() == ""
    log_in(tmp_path, VARIABLE)
    assert pulumi_home.logged_in_backend() == VARIABLE


def test_what_is_in_the_clone_stays_there(tmp_path: Path, home: Path) -> None:
    """A stack with the embedded server, and a state that is there from the time before the login."""
    log_in(home, "https://api.pulumi.com")
    assert stack_in(tmp_path / "embedded", EMBEDDED).backend_url == ""
    stack = stack_in(tmp_path / "older")
    folder = tmp_path / "older" / ".infra" / "state"
    (folder / ".pulumi" / "stacks" / "p").mkdir(parents=True)
    assert stack.is_remote
    (folder / ".pulumi" / "stacks" / "p" / "dev.json").write_text("{}")
    assert stack.store.where("") == str(folder)


def test_pulumi_cloud_stays_with_the_cli_and_the_message_names_the_login(tmp_path: Path, home: Path) -> None:
    log_in(home, "https://api.pulumi.com")
    with pytest.raises(UnsupportedError) as raised:
        _ = stack_in(tmp_path / "p").store
    assert raised.value.where == f"{home}/credentials.json (pulumi login)"
    assert "pulumi up" in raised.value.remedy


@pytest.mark.parametrize("content", [b"{", b"\xff", b"[]", b'{"current": 3}', b"[" * 100_000])
def test_a_login_that_cannot_be_read_is_no_absence_of_one(tmp_path: Path, home: Path, content: bytes) -> None:
    (home / "credentials.json").write_bytes(content)
    with pytest.raises(ConfigError, match="the backend that `pulumi login` chose cannot be read") as raised:
        _ = stack_in(tmp_path / "p").backend_url
    assert raised.value.where == str(home / "credentials.json")
    assert "PULUMI_BACKEND_URL" in raised.value.remedy
