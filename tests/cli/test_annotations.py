"""Faults of files on their lines, as a code host reads them: from a preview and from a report, with any exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prefect_pulumi.cli.main import main
from prefect_pulumi.core.errors import ExitCode

PROGRAM = """
import pulumi
from prefect_pulumi.components import load_environment
from prefect_pulumi.resources import Deployments

load_environment()
print("of the program")
Deployments("flows", directory="sub")
"""
PREFECT = """deployments:
- name: a
  entrypoint: a.py:hello
  work_pool: {name: etl}
  schedules:
  - cron: "99 * * * *"
  pul: []
"""
STACK = "config:\n  p:environment:\n    server: {api_url: 'http://127.0.0.1:9/api'}\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """In a folder of a repository; its server does not answer."""
    root = tmp_path / "repository" / "deploy"
    (root / "infra").mkdir(parents=True)
    (root / "sub").mkdir()
    (root.parent / ".git").mkdir()
    (root / "Pulumi.yaml").write_text("name: p\nruntime: python\nmain: infra\n")
    (root / "Pulumi.dev.yaml").write_text(STACK)
    (root / "infra" / "__main__.py").write_text(PROGRAM)
    (root / "sub" / "prefect.yaml").write_text(PREFECT)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "x")
    monkeypatch.chdir(root)
    return root


def test_a_preview_annotates_lines(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["preview", "--annotations", "github"]) == ExitCode.BAD_INPUT
    shown = capsys.readouterr()
    begin = "::error file=deploy/sub/prefect.yaml,line="
    assert [line.removeprefix(begin).split("::")[0].split(",title")[0] for line in shown.out.splitlines()] == [
        "3,col=3",
        "4,col=15",
        "6,col=5",
        "7,col=3",
    ]
    assert "deployments[0].pul: unknown key; did you mean pull?" in shown.out
    assert "of the program" in shown.err
    assert "error: Deployments flows: sub/prefect.yaml: line 3" in shown.err


def test_a_file_that_is_no_yaml_has_a_line_too(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "sub" / "prefect.yaml").write_text("deployments:\n- name: [\n")
    assert main(["preview", "--annotations", "rdjson"]) == ExitCode.BAD_INPUT
    (told,) = json.loads(capsys.readouterr().out)["diagnostics"]
    assert told["location"] == {"path": "deploy/sub/prefect.yaml", "range": {"start": {"line": 3, "column": 1}}}


def test_a_report_keeps_what_is_said_of_lines(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drift", "--out", "report.json", "--out", "report.sarif"]) == ExitCode.CANNOT_CHECK
    run = json.loads((project / "report.sarif").read_text())["runs"][0]
    lines = [each["locations"][0]["physicalLocation"]["region"]["startLine"] for each in run["results"]]
    assert lines == [3, 4, 6, 7]
    assert main(["review", "--from", "report.json", "--format", "gitlab"]) == ExitCode.CANNOT_CHECK
    assert [each["location"]["lines"]["begin"] for each in json.loads(capsys.readouterr().out)] == lines


def test_a_report_that_cannot_be_made_annotates_all_the_same(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "Pulumi.dev.yaml").write_text(STACK + "  p:environment: twice\n")
    assert main(["drift", "--out", "report.sarif", "--out", "report.txt"]) == ExitCode.BAD_INPUT
    assert "the key is here twice" in capsys.readouterr().err
    (result,) = json.loads((project / "report.sarif").read_text())["runs"][0]["results"]
    assert result["ruleId"] == "stack-file"
    place = result["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("deploy/Pulumi.dev.yaml", 4)
    assert not (project / "report.txt").exists()


def test_one_document_on_stdout(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["preview", "--json", "--annotations", "sarif"]) == ExitCode.BAD_INPUT
    assert "cannot be given together" in capsys.readouterr().out
