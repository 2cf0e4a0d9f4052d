"""`infra config ls`, `rm` and `cp`: what is shown, what leaves the file, whose passphrase encrypts a copy; `env`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from prefect_pulumi.cli.main import main
from prefect_pulumi.core.errors import ExitCode

STACK = """# of the team
config:
  p:environment:
    server: {api_url: http://127.0.0.1:9/api}
    release: {id: dev-3, commit: abc}
  # a number
  p:count: 3
  other:flag: true
"""


@pytest.fixture
def infra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a command in a project of two stacks; gives what it prints."""
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_DEV", "of dev")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_PROD", "of prod")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text(STACK)
    (tmp_path / "Pulumi.prod.yaml").write_text("config: {}\n")

    def run(*words: str, code: ExitCode = ExitCode.DONE) -> str:
        ended = main(["config", *words])
        shown = capsys.readouterr()
        assert ended == code, shown.err
        return shown.err if code else shown.out

    return run


def test_all_values_are_listed_and_secrets_are_hidden(
    infra: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    infra("set", "token", "of the vault", "--secret")
    infra("set", "nested.password", "deep one", "--secret", "--path")
    lines = {line.split()[0]: line.split(maxsplit=1)[1].rstrip() for line in infra("ls").splitlines()}
    assert lines["KEY"] == "VALUE"
    assert (lines["count"], lines["other:flag"], lines["token"]) == ("3", "true", "[secret]")
    assert lines["nested"] == '{"password": "[secret]"}'
    shown = json.loads(infra("ls", "--json", "--show-secrets"))
    assert shown["p:token"] == {"secret": True, "value": "of the vault"}
    assert shown["p:nested"]["objectValue"] == {"password": "deep one"}
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE_DEV")
    hidden = json.loads(infra("ls", "--json"))
    assert (hidden["p:token"], hidden["p:nested"]) == ({"secret": True}, {"secret": True})
    assert hidden["p:environment"]["objectValue"]["server"] == {"api_url": "http://127.0.0.1:9/api"}
    assert "has no passphrase" in infra("ls", "--show-secrets", code=ExitCode.BAD_INPUT)


def test_a_value_is_removed_and_the_rest_stays(infra: Callable[..., str], tmp_path: Path) -> None:
    infra("rm", "count")
    infra("rm", "environment.server.api_url", "--path")
    text = (tmp_path / "Pulumi.dev.yaml").read_text()
    assert "count" not in text
    assert text.startswith("# of the team\nconfig:\n  p:environment:\n    server: {}\n    release: {id: dev-3")
    assert text.endswith("  other:flag: true\n")
    for words in (["rm", "count"], ["rm", "environment.server.api_url", "--path"], ["rm", "a.b", "--path"]):
        assert "the key is not set" in infra(*words, code=ExitCode.BAD_INPUT)
    assert (tmp_path / "Pulumi.dev.yaml").read_text() == text


def test_a_copy_is_encrypted_for_its_own_stack(infra: Callable[..., str], tmp_path: Path) -> None:
    infra("set", "token", "of the vault", "--secret")
    assert infra("cp", "token", "--dest", "prod") == "copied p:token to stack prod\n"
    assert infra("get", "token", "-s", "prod") == "of the vault\n"
    salts = [
        line
        for name in ("dev", "prod")
        for line in (tmp_path / f"Pulumi.{name}.yaml").read_text().splitlines()
        if line.startswith("encryptionsalt: v1:")
    ]
    assert len(set(salts)) == 2


def test_all_values_are_copied_but_the_pinned_release(infra: Callable[..., str]) -> None:
    infra("set", "environment.release.id", "prod-7", "--path", "-s", "prod")
    infra("cp", "-d", "prod")
    copied = json.loads(infra("ls", "--json", "-s", "prod"))
    assert copied["p:environment"]["objectValue"] == {
        "server": {"api_url": "http://127.0.0.1:9/api"},
        "release": {"id": "prod-7"},
    }
    assert (copied["p:count"]["value"], copied["other:flag"]["value"]) == ("3", "true")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["cp", "count", "--dest", "dev"], "source and target are the same stack"),
        (["cp", "nothing", "--dest", "prod"], "the key is not set"),
        (["cp", "count", "--dest", "proud"], "there is no stack 'proud'"),
        (["cp", "count"], "--dest"),
    ],
)
def test_a_copy_is_refused(infra: Callable[..., str], tmp_path: Path, words: list[str], said: str) -> None:
    assert said in infra(*words, code=ExitCode.BAD_INPUT)
    assert (tmp_path / "Pulumi.prod.yaml").read_text() == "config: {}\n"


@pytest.mark.parametrize(
    ("more", "address"), [("", "http://127.0.0.1:9/api"), ("  prefect:apiUrl: http://x/api\n", None)]
)
def test_the_official_cli_gets_the_address_that_its_config_lacks(
    infra: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str], more: str, address: str | None
) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text(STACK + more)
    assert main(["env", "--json"]) == ExitCode.DONE
    assert json.loads(capsys.readouterr().out).get("PREFECT_API_URL") == address
