"""Another stack's outputs: found by its name, decrypted with its own passphrase or with this run's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from prefect_pulumi.app.session.stack_references import outputs_of_stacks
from prefect_pulumi.core.errors import PrefectPulumiError, ProviderError
from prefect_pulumi.core.values import Secret
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.state.backend import StateBackend
from prefect_pulumi.state.entries import STACK_TYPE, ResourceEntry, Snapshot, make_urn
from prefect_pulumi.state.file_store import FileStore
from prefect_pulumi.state.secrets import PassphraseManager

OUTPUTS = {"plain": [1, {"a": None}], "hidden": Secret("hush"), "half": {"open": 1, "shut": Secret({"k": 2})}}


class Heard:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def log(self, severity: str, message: str, urn: str = "") -> None:
        self.lines.append(f"{severity}: {message}")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose run has the passphrase `ours`."""
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    for stack in ("dev", "prod"):
        (tmp_path / f"Pulumi.{stack}.yaml").write_text("config: {}\n")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "ours")
    return tmp_path


def save(root: Path, project: str, stack: str, passphrase: str, outputs: dict[str, Any]) -> None:
    urn = make_urn(stack, project, STACK_TYPE, f"{project}-{stack}")
    snapshot = Snapshot([ResourceEntry(urn, STACK_TYPE, False, outputs=outputs)])
    backend = StateBackend(FileStore(root / ".infra" / "state"), project)
    backend.writer(stack).save(snapshot, PassphraseManager.create(passphrase))


def read(root: Path, name: str) -> tuple[dict[str, Any], list[str]]:
    heard = Heard()
    return dict(outputs_of_stacks(Stack(root, "prod"), heard)(name)), heard.lines


def test_with_the_passphrase_of_this_run(root: Path) -> None:
    save(root, "p", "dev", "ours", OUTPUTS)
    save(root, "other", "dev", "ours", {"x": Secret(1)})
    for name in ("dev", "organization/dev", "organization/p/dev"):
        assert read(root, name) == (OUTPUTS, [])
    assert read(root, "organization/other/dev") == ({"x": Secret(1)}, [])


def test_with_the_passphrase_that_is_kept_in_this_clone(root: Path) -> None:
    save(root, "p", "dev", "theirs", OUTPUTS)
    (root / ".infra" / "dev").mkdir()
    (root / ".infra" / "dev" / "passphrase").write_text("theirs\n")
    assert read(root, "dev") == (OUTPUTS, [])


def test_without_its_passphrase_secrets_are_empty_and_stay_secret(root: Path) -> None:
    save(root, "p", "dev", "theirs", OUTPUTS)
    outputs, lines = read(root, "dev")
    assert outputs == {"plain": [1, {"a": None}], "hidden": Secret({}), "half": {"open": 1, "shut": Secret({})}}
    assert lines == ["info: the secrets of stack dev need its passphrase: they are taken as empty"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("staging", "there is no stack 'staging'"),
        ("organization/q/dev", "there is no stack"),
        ("acme/p/dev", "is not a stack of this backend"),
        ("", "is not a stack of this backend"),
        ("organization//dev", "is not a stack of this backend"),
    ],
)
def test_names_that_are_none(root: Path, name: str, words: str) -> None:
    save(root, "p", "dev", "ours", {})
    with pytest.raises(ProviderError, match=words):
        read(root, name)


def test_a_stack_without_outputs_and_a_broken_one(root: Path) -> None:
    backend = StateBackend(FileStore(root / ".infra" / "state"), "p")
    backend.writer("dev").save(Snapshot(), None)
    assert read(root, "dev") == ({}, [])
    Path(backend.where("dev")).write_text("{")
    with pytest.raises(PrefectPulumiError, match="not JSON"):
        read(root, "dev")
