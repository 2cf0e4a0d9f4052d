"""`infra doctor` on a real server, on none, and beside another run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prefect_pulumi.app.doctor import Check, Diagnosis, Status, server_version
from prefect_pulumi.app.project import Project as ProjectOnDisk
from prefect_pulumi.cli.main import main
from prefect_pulumi.state.lock import StackLock
from tests.support.projects import Project


def by_name(diagnosis: Diagnosis) -> dict[str, Check]:
    return {check.name: check for check in diagnosis.checks}


@pytest.mark.self_hosted  # Cloud says no version
def test_a_stack_in_order(small: Project, prefect_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_REQUEST_TIMEOUT", "20")
    stack = ProjectOnDisk(small.root).stack("dev")
    diagnosis = stack.doctor()
    checks = by_name(diagnosis)
    assert diagnosis.healthy, diagnosis
    assert {check.status for check in diagnosis.checks} == {Status.OK}
    assert checks["address"].text == f"{prefect_server}, from the stack"
    assert checks["PREFECT_API_REQUEST_TIMEOUT"].text == "20.0, from the environment"
    assert checks["state"].text.endswith("no state yet")
    assert checks["capabilities"].text == "the server takes all that the Prefect installed here sends"
    assert checks["lock"].text == "free"
    assert checks["clock"].text.startswith("within ")
    own = ProjectOnDisk(small.root).view("dev").stack
    with StackLock(own.store, own.project.name, own.name):
        held = by_name(stack.doctor())["lock"]
    assert (held.status, "infra cancel" in held.remedy) == (Status.WARNING, True)
    assert diagnosis.document()["checks"][0]["name"] == "python"


def test_without_a_project_prefects_settings_are_examined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["doctor"]) == 1
    assert "no Prefect API is configured" in capsys.readouterr().out
    (tmp_path / "prefect.toml").write_text('[api]\nurl = "http://127.0.0.1:9/api"\ntls_insecure_skip_verify = true\n')
    assert main(["doctor", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    shown = {check["name"]: check for check in document["checks"]}
    assert document["healthy"] is False
    assert shown["address"]["text"].endswith(f"PREFECT_API_URL of {tmp_path / 'prefect.toml'}")
    assert shown["PREFECT_API_TLS_INSECURE_SKIP_VERIFY"]["status"] == "warning"
    assert shown["server"]["status"] == "failure"
    assert "no connection" in shown["server"]["text"]


@pytest.mark.parametrize(
    ("server", "status", "words"),
    [
        ("3.8.1", Status.OK, "Prefect 3.8.1"),
        ("3.4.25", Status.WARNING, "older than the 3.8.8"),
        ("3.10.0", Status.WARNING, "newer than the 3.8.8"),
    ],
)
def test_versions_of_server_and_client(server: str, status: Status, words: str) -> None:
    (check,) = server_version(server, "3.8.8")
    assert check.status is status
    assert words in check.text
