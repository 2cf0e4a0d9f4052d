"""Stacks at their release, with real git."""

from __future__ import annotations

from pathlib import Path

import pytest

from prefect_pulumi.core.errors import ConfigError
from prefect_pulumi.models.release_record import ReleasePin
from prefect_pulumi.project import releases
from prefect_pulumi.project.stack import Stack
from tests.support.git_repository import git

PIN = ReleasePin(id="dev-3", commit="c" * 40, stage="dev", images={"etl": "image"})


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    (tmp_path / "Pulumi.prod.yaml").write_text("config:\n  p:environment: {}\n")
    (tmp_path / "flow.py").write_text("version = 1\n")
    (tmp_path / ".gitignore").write_text(".infra/\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "-qm", "first")
    return Stack(tmp_path, "prod")


def fresh(stack: Stack) -> Stack:
    return Stack(stack.root, stack.name)


def test_a_pin_is_read_as_it_was_written(stack: Stack) -> None:
    assert releases.pin_of(stack) is None
    stack.config.put(["environment", "release"], PIN.document())
    stack.config.save()
    assert releases.pin_of(fresh(stack)) == PIN


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("release: dev-3", "valid dictionary"),
        ("release: {id: dev-3, commit: abc, stage: dev}", "commit: String should match pattern"),
        (f"release: {{id: dev-3, commit: {PIN.commit}}}", "stage: Field required"),
        (f"release: {{id: dev-3, commit: {PIN.commit}, stage: dev, image: x}}", "unknown key; did you mean images?"),
    ],
)
def test_a_broken_pin_is_refused_with_its_place(text: str, fault: str, stack: Stack) -> None:
    stack.config_file.write_text(f"config:\n  p:environment: {{{text}}}\n")
    with pytest.raises(ConfigError) as caught:
        releases.pin_of(fresh(stack))
    assert caught.value.where == "Pulumi.prod.yaml: environment.release"
    assert "the pin must be a mapping with at least id, commit and stage" in caught.value.message
    assert fault in caught.value.message


def test_a_stack_at_a_release_has_its_files_and_its_pin(stack: Stack) -> None:
    commit = git(stack.root, "rev-parse", "HEAD")
    (stack.root / "flow.py").write_text("version = 2\n")
    pin = PIN.model_copy(update={"commit": commit})
    at = releases.at_release(stack, pin)
    assert at.root == stack.root / ".infra" / "releases" / commit
    assert (at.root / "flow.py").read_text() == "version = 1\n"
    assert releases.pin_of(at) == pin
    assert releases.pin_of(fresh(stack)) is None
    assert at.project_dir == stack.root.resolve()
    assert releases.delete_unused(stack.root, {commit}) == []
    assert releases.delete_unused(stack.root, set()) == [commit]
