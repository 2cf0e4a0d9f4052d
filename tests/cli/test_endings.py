"""Every end of the command has its code and its line: closed pipes, declined questions, faults of its own."""

from __future__ import annotations

import json
import os
import pty
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from prefect_pulumi.cli.main import main
from prefect_pulumi.core.display_text import one_line, printable
from prefect_pulumi.core.errors import ExitCode
from tests.support.child import Child

INFRA = [sys.executable, "-m", "prefect_pulumi.cli.main"]
PROGRAM = "import pulumi\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "x")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\nmain: infra\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {}\n")
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "__main__.py").write_text(PROGRAM)
    return tmp_path


def infra(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run([*INFRA, *arguments], capture_output=True, text=True, check=False, timeout=120, input=text)


def test_a_reader_that_leaves_changes_no_exit_code(project: Path) -> None:
    (project / "infra" / "__main__.py").write_text("import pulumi\npulumi.export('a', 1)\nprint('a line')\n")
    command = " ".join([*INFRA, "preview", "--json", "--expect-no-changes"])
    script = f"({command}; echo $? >code) | true; cat code"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, timeout=120)
    assert (done.stdout.strip(), done.stderr.count("Traceback")) == (str(int(ExitCode.CHANGES_FOUND)), 0)


def test_stdout_is_the_documents_alone(project: Path) -> None:
    program = "import os, subprocess\nos.write(1, b'raw')\nsubprocess.run(['echo', 'of a child'])\nprint('printed')\n"
    (project / "infra" / "__main__.py").write_text(program)
    done = infra("preview", "--json")
    assert json.loads(done.stdout)["result"] == "succeeded"
    for text in ("raw", "of a child", "printed"):
        assert text in done.stderr


@pytest.mark.parametrize(("keys", "code"), [(b"n\n", 2), (b"\x04", 2), (b"y\n", 0)])
def test_a_question_has_an_end_for_each_answer(project: Path, keys: bytes, code: int) -> None:
    (project / "infra" / "__main__.py").write_text("import pulumi\npulumi.export('a', 1)\n")
    outer, inner = pty.openpty()
    with Child([*INFRA, "up"], stdin=inner, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        os.write(outer, keys)
        _, errors = process.communicate(timeout=120)
    os.close(outer)
    os.close(inner)
    text = errors.decode()
    assert (process.returncode, "Traceback" in text) == (code, False), text
    assert ("declined: nothing was changed" in text) is (code == 2)


def test_a_program_that_leaves_at_once_has_failed(project: Path) -> None:
    (project / "infra" / "__main__.py").write_text("import os\nos._exit(0)\n")
    done = infra("up", "--yes")
    assert done.returncode == ExitCode.FAILED
    assert "the program ended itself with exit code 0" in done.stderr


def test_a_child_that_the_program_forks_may_leave(project: Path) -> None:
    lines = ["import os", "pid = os.fork()", "if not pid:", "    os._exit(3)", "_, status = os.waitpid(pid, 0)"]
    program = "\n".join([*lines, "assert os.waitstatus_to_exitcode(status) == 3"])
    (project / "infra" / "__main__.py").write_text(program)
    assert infra("preview").returncode == ExitCode.DONE


def test_a_secret_that_an_apply_raises_is_masked(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = (
        "import pulumi\n"
        "def fail(text):\n    print('given', text)\n    raise ValueError(f'cannot use {text}')\n"
        "pulumi.Output.secret({'key': ['clear-' + 'canary']}).apply(lambda held: held['key'][0]).apply(fail)\n"
    )
    (project / "infra" / "__main__.py").write_text(program)
    assert main(["preview"]) == ExitCode.FAILED
    shown = capsys.readouterr()
    assert "cannot use [secret]" in shown.err
    assert "canary" not in shown.out + shown.err


def test_warnings_are_in_the_report(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "infra" / "__main__.py").write_text("import pulumi\npulumi.log.warn('old\\nhabits')\n")
    assert main(["drift", "--json"]) == ExitCode.DONE
    assert json.loads(capsys.readouterr().out)["environments"][0]["notes"] == ["old habits"]
    assert main(["drift"]) == ExitCode.DONE
    assert "  note: old habits\n" in capsys.readouterr().out


def test_a_fault_of_the_toolkit_is_one_line_and_a_file(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from prefect_pulumi.app.project_stack import ProjectStack

    def broken(self: ProjectStack) -> None:
        raise ZeroDivisionError("the passphrase is x-and-more")

    monkeypatch.setattr(ProjectStack, "outputs", broken)
    assert main(["outputs"]) == ExitCode.FAILED
    shown = capsys.readouterr().err
    assert "error: infra: unexpected ZeroDivisionError" in shown
    assert "Traceback" not in shown
    path = Path(re.search(r"all of it: (\S+)", shown)[1])  # type: ignore[index]
    assert "Traceback" in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.unlink()


BAD_FILES = [
    ("Pulumi.dev.yaml", "encryptionsalt: 12\n", "encryptionsalt: the salt is not one that this version knows"),
    ("Pulumi.dev.yaml", "encryptionsalt: junk\n", "encryptionsalt: the salt is not one that this version knows"),
    ("Pulumi.dev.yaml", "secretsprovider: awskms://alias/x\n", "secretsprovider: the embedded engine encrypts with"),
    ("Pulumi.dev.yaml", "config:\n  environment: text\n", "the key must be a mapping"),
    ("Pulumi.yaml", "name: [p]\nruntime: python\n", "name: the project's name must be a text"),
    ("Pulumi.yaml", "name: p\nruntime: python\nmain: [infra]\n", "main: the program's folder must be a text"),
    ("Pulumi.yaml", "name: p\nruntime: python\nbackend: url\n", "backend: the backend must be a mapping with a url"),
    ("Pulumi.yaml", "name: p\nruntime:\n  name: python\n  options: 3\n", "runtime.options: runtime options must be"),
]


@pytest.mark.parametrize(("name", "text", "message"), BAD_FILES)
def test_a_wrong_type_is_refused_by_its_key(project: Path, name: str, text: str, message: str) -> None:
    program = "from prefect_pulumi.components import load_environment\nload_environment()\n"
    (project / "infra" / "__main__.py").write_text(program)
    (project / name).write_text(text)
    before = sorted(path.name for path in project.rglob("*") if "__pycache__" not in str(path))
    done = infra("preview")
    assert (done.returncode, "Traceback" in done.stderr) == (ExitCode.BAD_INPUT, False), done.stderr
    assert message in done.stderr
    assert sorted(path.name for path in project.rglob("*") if "__pycache__" not in str(path)) == before


@pytest.mark.parametrize("name", ["x" * 5000, "a/b", "", ".."])
def test_a_name_that_is_none(project: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["preview", "-s", name or " "]) == ExitCode.BAD_INPUT
    assert len(capsys.readouterr().err) < 500


def test_a_home_of_nobody(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file://~nouser/x")
    assert main(["preview"]) == ExitCode.BAD_INPUT
    assert "PULUMI_BACKEND_URL" in capsys.readouterr().err


def test_a_passphrase_file_that_is_no_text(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "key").write_bytes(b"\xff\xfe\x00")
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", str(project / "key"))
    assert main(["preview"]) == ExitCode.BAD_INPUT
    assert "is not a text file" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["stack", "export", "--file", "/no/such/file"], ["status", "--out", "/no/such/file", "--no-drift"]]
)
def test_a_file_that_cannot_be_written(project: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["up", "--yes"]) == ExitCode.DONE
    assert main(arguments) == ExitCode.BAD_INPUT
    assert "/no/such/file: No such file or directory" in capsys.readouterr().err


def test_a_document_without_resources_does_not_empty_a_state(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "infra" / "__main__.py").write_text("import pulumi\npulumi.export('a', 1)\n")
    assert main(["up", "--yes"]) == ExitCode.DONE
    (project / "empty.json").write_text('{"version": 3, "deployment": {}}')
    assert main(["stack", "import", "--file", "empty.json"]) == ExitCode.BAD_INPUT
    assert "the document has no resources, and stack dev has 1" in capsys.readouterr().err
    assert main(["outputs", "a"]) == ExitCode.DONE
    assert capsys.readouterr().out == "1\n"
    assert main(["stack", "import", "--file", "empty.json", "--force"]) == ExitCode.DONE


def test_exports_of_another_project_are_refused(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["env", "--json"]) == ExitCode.DONE
    exports = json.loads(capsys.readouterr().out)
    for name, value in exports.items():
        monkeypatch.setenv(name, value)
    assert main(["preview"]) == ExitCode.DONE  # in the project itself they change nothing
    other = project / "other"
    other.mkdir()
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml"):
        (other / name).write_text((project / name).read_text())
    monkeypatch.chdir(other)
    assert main(["destroy", "--yes"]) == ExitCode.BAD_INPUT
    assert f"exported by `infra env` of another project, {project}" in capsys.readouterr().err


def test_text_is_data() -> None:
    assert printable("a\x1b[31mb\u202ec\n\td") == "a\ufffd[31mb\ufffdc\n\td"
    assert one_line("a\n\n b\x07") == "a b\ufffd"
