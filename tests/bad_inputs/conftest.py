"""A project without a server, and the one way to see that a command refuses what it is given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from prefect_pulumi.cli.main import main
from tests.bad_inputs.files import PROGRAM, STACK_FILE

LONGEST = 3000
"""Characters of what is said of one fault, however long the bad input is."""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    (root / "infra").mkdir(parents=True)
    (root / "infra" / "__main__.py").write_text(PROGRAM)
    (root / "Pulumi.yaml").write_text("name: p\nruntime: python\nmain: infra\n")
    (root / "Pulumi.dev.yaml").write_text(STACK_FILE)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "x")
    monkeypatch.chdir(root)
    return root


def contents(root: Path) -> dict[str, bytes]:
    """All files but what git ignores the work folder by: a lock, taken and given back, makes that folder."""
    files = (path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    names = {str(path.relative_to(root)): path.read_bytes() for path in files}
    return {name: content for name, content in names.items() if name != ".infra/.gitignore"}


@pytest.fixture
def refused(project: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a command, which has to end with that code and a short message of its own, and to write nothing.

    Gives the message, its line ends and runs of blanks as one blank.
    """

    def run(*words: str, code: int = 2) -> str:
        before = contents(project)
        ended = main(list(words))
        shown = capsys.readouterr()
        assert (int(ended), shown.out) == (code, ""), shown.err
        assert shown.err.startswith(("error: ", "warning: ")), shown.err
        assert "Traceback" not in shown.err
        assert "error: infra: unexpected " not in shown.err
        assert len(shown.err) < LONGEST
        assert contents(project) == before
        return " ".join(shown.err.split())

    return run
