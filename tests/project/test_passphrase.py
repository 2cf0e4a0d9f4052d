"""Whose passphrase and whose salt count: the environment's, the clone's own or a new one; the file's or the state's."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest

from prefect_pulumi.core.errors import PassphraseError
from prefect_pulumi.project.passphrase import NO_SALT, read_passphrase
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.state.entries import Snapshot
from prefect_pulumi.state.secrets import PassphraseManager

EMBEDDED = "config:\n  p:environment:\n    server:\n      embedded: true\n"
REMOTE = "config:\n  p:environment:\n    server:\n      api_url: http://127.0.0.1:9/api\n"


def stack_of(root: Path, text: str, name: str = "dev") -> Stack:
    (root / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    (root / f"Pulumi.{name}.yaml").write_text(text)
    return Stack(root, name)


def own_passphrase(stack: Stack, text: str) -> None:
    stack.work_dir.mkdir(parents=True)
    stack.passphrase_file.write_text(text + "\n")


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"PULUMI_CONFIG_PASSPHRASE": "of all"}, "of all"),
        ({"PULUMI_CONFIG_PASSPHRASE": ""}, ""),
        ({"PULUMI_CONFIG_PASSPHRASE_DEV_2": "of one", "PULUMI_CONFIG_PASSPHRASE": "of all"}, "of one"),
        ({"PULUMI_CONFIG_PASSPHRASE_FILE": "file"}, "in the file"),
        ({"PULUMI_CONFIG_PASSPHRASE_FILE_DEV_2": "file", "PULUMI_CONFIG_PASSPHRASE": "of all"}, "in the file"),
        ({"PULUMI_CONFIG_PASSPHRASE": "of all", "PULUMI_CONFIG_PASSPHRASE_FILE": "file"}, "of all"),
        ({}, "of the clone"),
    ],
)
def test_which_passphrase_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str
) -> None:
    stack = stack_of(tmp_path, EMBEDDED, "dev-2")
    own_passphrase(stack, "of the clone")
    (tmp_path / "file").write_text("in the file\n")
    for name, value in variables.items():
        monkeypatch.setenv(name, str(tmp_path / value) if "_FILE" in name else value)
    passphrase, cache = read_passphrase(stack)
    assert passphrase == expected
    # A derived key is kept only where the passphrase lies in plain text anyway.
    assert cache == (stack.work_dir if not variables else None)


def test_the_clones_own_file_named_by_the_environment_is_the_clones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = stack_of(tmp_path, EMBEDDED)
    own_passphrase(stack, "of the clone")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", str(stack.passphrase_file))
    assert read_passphrase(stack) == ("of the clone", stack.work_dir)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(PassphraseError, match="PULUMI_CONFIG_PASSPHRASE_FILE: No such file"):
        read_passphrase(stack_of(tmp_path, EMBEDDED))


def test_a_stack_of_a_team_needs_the_teams(tmp_path: Path) -> None:
    with pytest.raises(PassphraseError, match="stack dev has no passphrase"):
        read_passphrase(stack_of(tmp_path, REMOTE))


def test_a_new_clone_creates_its_own(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    stack = stack_of(tmp_path, EMBEDDED)
    tried, cache = read_passphrase(stack)
    assert (len(tried) > 20, cache, stack.passphrase_file.exists()) == (True, None, False)
    opened = stack.secrets()
    created, before = opened.passphrase, stack.config_file.read_text()
    assert (created != tried, stack.passphrase_file.exists()) == (True, False)
    opened.keep()
    opened.keep()
    assert read_passphrase(stack) == (created, stack.work_dir)
    assert stack.config_file.read_text() == f"{before}encryptionsalt: {opened.manager.salt_text}\n"
    assert stat.S_IMODE(stack.passphrase_file.stat().st_mode) == 0o600
    command = ["git", "-C", str(tmp_path), "config", "--local", "filter.pulumi-local-salt.clean"]
    assert NO_SALT in subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_of_two_that_create_one_the_first_is_kept(tmp_path: Path) -> None:
    first, second = stack_of(tmp_path, EMBEDDED).secrets(), stack_of(tmp_path, EMBEDDED).secrets()
    first.keep()
    with pytest.raises(PassphraseError, match="another command has created the passphrase"):
        second.keep()
    assert read_passphrase(stack_of(tmp_path, EMBEDDED))[0] == first.passphrase


def salt_after(stack: Stack) -> str:
    return Stack(stack.root, stack.name).config.salt


def test_the_files_salt_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "x")
    salt = PassphraseManager.create("x").salt_text
    stack = stack_of(tmp_path, f"encryptionsalt: {salt}\n{REMOTE}")
    assert stack.manager(write=True).salt_text == salt
    assert salt_after(stack) == salt


def test_without_one_in_the_file_the_states_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "x")
    stack = stack_of(tmp_path, REMOTE)
    manager = PassphraseManager.create("x")
    stack.backend.writer("dev").save(Snapshot.empty(manager.salt_text), manager)
    assert stack.manager(write=False).salt_text == manager.salt_text
    assert salt_after(stack) == ""
    stack.manager(write=True)
    assert salt_after(stack) == manager.salt_text


def test_the_placeholder_is_no_salt(tmp_path: Path) -> None:
    stack = stack_of(tmp_path, f"encryptionsalt: {NO_SALT}\n{EMBEDDED}")
    salt = stack.manager(write=True).salt_text
    assert salt != NO_SALT
    assert salt_after(stack) == salt


def test_a_salt_whose_passphrase_is_gone_with_its_folder_is_replaced(tmp_path: Path) -> None:
    gone = PassphraseManager.create("gone").salt_text
    stack = stack_of(tmp_path, f"encryptionsalt: {gone}\n{EMBEDDED}")
    assert stack.manager(write=True).salt_text != gone
    assert salt_after(stack) != gone


def test_a_new_clone_of_a_shared_state_keeps_the_states_salt(tmp_path: Path) -> None:
    manager = PassphraseManager.create("of another clone")
    stack = stack_of(tmp_path, EMBEDDED)
    stack.backend.writer("dev").save(Snapshot.empty(manager.salt_text), manager)
    opened = stack.manager(write=True)
    assert opened.salt_text == manager.salt_text
    with pytest.raises(PassphraseError, match="incorrect passphrase"):
        opened.verify()
