"""The completion of each shell, as that shell reads it."""

from __future__ import annotations

import os
import pty
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from prefect_pulumi.cli.main import main
from prefect_pulumi.core.errors import ExitCode
from tests.support.child import Child
from tests.support.wait import until


def script(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["completion", shell]) == ExitCode.DONE
    return capsys.readouterr().out


CASES = [
    ("infra dri", "drift"),
    ("infra stack re", "rename"),
    ("infra preview --annotations s", "sarif"),
    ("infra up --expect", "--expect-no-changes"),
    ("infra drift --out rep", "report.json"),
]
"""What is typed, and what its last word becomes."""


def run(*command: str, folder: Path) -> str:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def bash(typed: str, folder: Path) -> str:
    words = typed.split()
    asked = f"COMP_WORDS=({typed}); COMP_CWORD={len(words) - 1}; source ./completion; _shtab_infra"
    return run("bash", "-c", f'{asked}; printf "%s\\n" "${{COMPREPLY[@]}}"', folder=folder)


def fish(typed: str, folder: Path) -> str:
    """Candidates, each with its description."""
    shown = run("fish", "--no-config", "-c", f"source completion; complete -C {shlex.quote(typed)}", folder=folder)
    return "\n".join(line.split("\t")[0] for line in shown.splitlines())


def zsh(typed: str, folder: Path) -> str:
    """The last word of the command line after the key of completion, which needs a terminal."""
    (folder / "completion").rename(folder / "_infra")
    (folder / ".zshrc").write_text(
        "PS1=; fpath=($PWD $fpath); autoload -Uz compinit; compinit -D -u\n"
        "zstyle ':completion:*' insert-tab false\n"
        "show() { print -r -- \"<$BUFFER>\" >shown; exit }; zle -N show; bindkey '^X' show\n"
    )
    main, other = pty.openpty()
    env = {**os.environ, "ZDOTDIR": str(folder), "TERM": "dumb"}
    with Child(["zsh", "-i"], cwd=folder, stdin=other, stdout=other, stderr=other, env=env) as shell:
        os.close(other)
        os.write(main, f"{typed}\t\x18".encode())
        until(lambda: (folder / "shown").exists() and (folder / "shown").read_text().endswith(">\n"))
        shell.kill()
    os.close(main)
    return (folder / "shown").read_text().strip("<>\n ").split()[-1]


SHELLS = {"bash": bash, "zsh": zsh, "fish": fish}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(("typed", "offered"), CASES)
def test_a_shell_completes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], shell: str, typed: str, offered: str
) -> None:
    text = script(shell, capsys)
    if shutil.which(shell) is None:
        assert offered == "report.json" or offered.removeprefix("--") in text
        pytest.skip(f"no {shell}")
    (tmp_path / "report.json").touch()
    (tmp_path / "completion").write_text(text)
    assert SHELLS[shell](typed, tmp_path).split() == [offered]


def test_another_shell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "csh"]) == ExitCode.BAD_INPUT
    assert "invalid choice: 'csh'" in capsys.readouterr().err
