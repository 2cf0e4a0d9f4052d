"""A secret that a command prints: shown by its source, in both engines, in no file; a wait for it can be ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.engines import Embedded, Official
from tests.support.projects import Project

PROGRAM = """
from prefect_pulumi.components import Environment, load_environment, secret_value
from prefect_pulumi.resources import SecretBlock

for name, settings in load_environment().secrets.items():
    SecretBlock(name, value=secret_value(name, settings))
"""
VALUE = "value-from-a-vault"


def with_source(project: Project, source: str, api_url: str) -> None:
    config = project.root / "Pulumi.dev.yaml"
    config.write_text(
        f"config:\n  prefect:apiUrl: {api_url}\n  prefect-infra:environment:\n"
        f"    server: {{api_url: '{api_url}'}}\n    secrets:\n      outside-token: {source}\n"
    )


@pytest.mark.e2e
def test_both_engines_take_it_and_no_file_has_it(small: Project, prefect_server: str, pulumi_cli: Path) -> None:
    small.write(PROGRAM)
    vault = small.root.parent / "vault"
    vault.write_text(VALUE + "\n")
    with_source(small, f"{{exec: [cat, '{vault}']}}", prefect_server)
    shown = small.infra("preview")
    assert f"the secret outside-token comes from the command `cat {vault}`" in shown.stderr
    Embedded(small).up()
    official = Official(small, pulumi_cli)
    assert official.changes() == {}
    vault.write_text(f"{VALUE}-2\n")
    official.up()
    assert Embedded(small).changes() == {}
    for path in small.root.rglob("*"):
        assert not path.is_file() or VALUE.encode() not in path.read_bytes(), path
    vault.unlink()
    failed = small.infra("up", "--yes", check=False)
    assert failed.returncode == 2
    assert "Pulumi.dev.yaml: environment.secrets.outside-token.exec: cat ended with exit code 1" in failed.stderr
    vault.write_text(VALUE)
    small.infra("destroy", "--yes")


def test_a_wait_is_said_and_can_be_ended(small: Project, prefect_server: str) -> None:
    small.write(PROGRAM)
    with_source(small, "{exec: [sleep, '600']}", prefect_server)
    command = [sys.executable, "-m", "prefect_pulumi.cli.main", "up", "--yes"]
    child = subprocess.Popen(command, cwd=small.root, env=os.environ, stderr=subprocess.PIPE, text=True)
    assert child.stderr is not None
    said = iter(child.stderr.readline, "")
    assert "waiting for the command `sleep 600`\n" in said
    child.send_signal(signal.SIGTERM)
    assert child.wait(60) == 130
    child.stderr.close()
