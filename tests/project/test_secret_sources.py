"""Values of secrets from a variable, a file and a command: what counts, and what is refused in one message."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from prefect_pulumi.core.masking import masking
from prefect_pulumi.project.secret_settings import SecretSettings, SettingsError
from prefect_pulumi.project.secret_sources import outside_value
from prefect_pulumi.project.settings import parse_environment

WHERE = "Pulumi.dev.yaml: environment.secrets.s"
PYTHON = sys.executable


def value(root: Path, **source: Any) -> str | None:
    return outside_value(SecretSettings(**source), root, WHERE)


def test_a_variable_a_file_and_a_command_give_the_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("  in a file \n\n")
    (tmp_path / "windows").write_bytes(b"line\r\n")
    monkeypatch.setenv("TOKEN", "in a variable")
    monkeypatch.setenv("EMPTY", "")
    script = "import os, pathlib; print(os.environ['TOKEN'], pathlib.Path('token').exists())"
    assert value(tmp_path, env="TOKEN") == "in a variable"
    assert value(tmp_path, env="EMPTY", default="x") is None
    assert value(tmp_path) is None
    assert value(tmp_path, file="token") == "  in a file \n"
    assert value(tmp_path, file=str(tmp_path / "windows")) == "line"
    assert value(tmp_path, exec=[PYTHON, "-c", script]) == "in a variable True"


def test_a_release_has_the_files_of_its_project(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("own")
    private, release = tmp_path / ".infra", tmp_path / ".infra" / "releases" / "abc"
    release.mkdir(parents=True)
    (release / ".prefect-release").write_text("abc\n")
    (release / ".infra").symlink_to(private)
    assert value(release, file="token") == "own"
    assert value(release, exec=["cat", "token"]) == "own"


def fault(root: Path, **source: Any) -> SettingsError:
    with masking() as masker:
        masker.learn_text("a known secret")
        with pytest.raises(SettingsError) as raised:
            value(root, **source)
    return raised.value


FAILURE = "import sys; print('half of it'); sys.exit('half of it: a known secret is wrong\\n[2K')"
FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"file": "missing"}, "missing: No such file or directory"),
    ({"file": "."}, ".: Is a directory"),
    ({"file": "~nobody-here/x"}, "~nobody-here/x: "),
    ({"file": "empty"}, "empty is empty"),
    ({"file": "bytes"}, "bytes is not a text file"),
    ({"exec": ["no-such-vault", "read", "x"]}, "no-such-vault cannot be run: No such file or directory"),
    ({"exec": ["./bytes"]}, "./bytes cannot be run: Permission denied"),
    ({"exec": ["a\0b"]}, "cannot be run: embedded null byte"),
    ({"exec": ["true"]}, "true printed nothing"),
    ({"exec": ["cat", "bytes"]}, "cat printed something that is not UTF-8 text"),
    ({"exec": ["false"]}, "false ended with exit code 1: without a word on stderr"),
    ({"exec": ["cat"]}, "cat printed nothing"),
    ({"exec": [PYTHON, "-c", FAILURE]}, "ended with exit code 1: [secret]: [secret] is wrong\n"),
]


@pytest.mark.parametrize(("source", "words"), FAULTS, ids=lambda part: str(part)[:40])
def test_a_fault_has_one_message_with_its_place(tmp_path: Path, source: dict[str, Any], words: str) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\xfa")
    error = fault(tmp_path, **source)
    assert words in error.message
    assert error.where == f"{WHERE}.{next(iter(source))}"
    assert error.remedy
    assert "\x1b" not in str(error)


def test_a_command_asks_once(tmp_path: Path) -> None:
    source = {"exec": ["sh", "-c", "echo x >> calls; echo the value"]}
    with masking() as masker:
        assert [value(tmp_path, **source) for _ in range(3)] == ["the value"] * 3
        assert masker.text("printed: the value") == "printed: [secret]"
    with masking():
        value(tmp_path, **source)
    assert (tmp_path / "calls").read_text() == "x\nx\n"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({"env": "A", "file": "b"}, "secrets.s: give one of env and file"),
        ({"file": "b", "exec": ["c"]}, "secrets.s: give one of file and exec"),
        ({"file": "b", "default": "d"}, "secrets.s: file has no fallback; leave out default"),
        ({"exec": ["b"], "default": "d"}, "secrets.s: exec has no fallback; leave out default"),
        ({"exec": "op read x"}, "secrets.s.exec: give a list: [command, argument, ...]; no shell is involved"),
    ],
)
def test_a_secret_has_one_source(source: dict[str, Any], words: str) -> None:
    raw = {"server": {"embedded": True}, "secrets": {"s": source}}
    with pytest.raises(SettingsError, match="environment") as raised:
        parse_environment(raw, "dev")
    assert words in raised.value.message
