"""The commands of the tutorials, typed as they stand on their pages, in an empty folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.tutorials import TutorialShell
from tests.support.wheels import build_wheel

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def shell(tmp_path: Path, wheel: Path) -> Iterator[TutorialShell]:
    shell = TutorialShell(tmp_path, wheel)
    yield shell
    shell.stop()


def test_from_an_empty_repository_to_the_first_run(shell: TutorialShell) -> None:
    said = shell.type_page("first-run.md")
    assert "5 orders in us" in said
    assert "[Completed]" in said
    assert "concurrencyLimit: 4 -> 9" in said
    assert "exit code 3" in said
    assert "dev: in sync" in said
    assert "Destroyed stack dev" in said


@pytest.mark.matrix
def test_an_existing_repository(shell: TutorialShell) -> None:
    said = shell.type_page("existing-repository.md")
    assert "2 to import, 7 to create" in said
    assert "No changes: 9 resources are as declared." in said
    assert "prod: in sync" in said


@pytest.mark.matrix
def test_the_first_promotion(shell: TutorialShell) -> None:
    shell.type_page("first-run.md")
    said = shell.type_page("first-promotion.md")
    assert "dev-1 is verified" in said
    assert "promote of prod: done" in said
    assert "rollback of prod: done" in said


@pytest.mark.matrix
def test_the_installation_as_it_is_typed(tmp_path: Path) -> None:
    """With the packages of constraints.txt, from an index."""
    shell = TutorialShell(tmp_path)
    try:
        assert "[Completed]" in shell.type_page("first-run.md")
    finally:
        shell.stop()
