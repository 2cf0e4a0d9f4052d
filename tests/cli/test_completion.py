"""The completion of each shell, as that shell reads it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from prefect_pulumi.cli.main import main
from prefect_pulumi.core.errors import ExitCode


def script(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["completion", shell]) == ExitCode.DONE
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["infra", "dri"], ["drift"]),
        (["infra", "stack", "re"], ["rename"]),
        (["infra", "preview", "--annotations", "s"], ["sarif"]),
        (["infra", "up", "--expect"], ["--expect-no-changes"]),
        (["infra", "drift", "--out", "rep"], ["report.json"]),
    ],
)
def test_bash_completes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], offered: list[str]
) -> None:
    (tmp_path / "report.json").touch()
    (tmp_path / "completion").write_text(script("bash", capsys))
    asked = f"COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; source ./completion; _shtab_infra"
    shown = subprocess.run(
        ["bash", "-c", f'{asked}; printf "%s\\n" "${{COMPREPLY[@]}}"'],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.split() == offered


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_others_read_it(tmp_path: Path, capsys: pytest.CaptureFixture[str], shell: str) -> None:
    text = script(shell, capsys)
    for word in ("expect-no-changes", "history", "rdjson"):
        assert word in text
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell}")
    (tmp_path / "completion").write_text(text)
    subprocess.run([shell, "-n", str(tmp_path / "completion")], check=True)


def test_another_shell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "csh"]) == ExitCode.BAD_INPUT
    assert "invalid choice: 'csh'" in capsys.readouterr().err
