"""Bad input: one clear message, the documented exit code, nothing written, no traceback."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Case:
    file: str
    old: str
    new: str
    says: tuple[str, ...]
    code: int = 2


CASES = {
    "unknown key": Case(
        "Pulumi.dev.yaml",
        "        concurrency_limit: 10",
        "        concurency_limit: 10",
        ("Pulumi.dev.yaml", "environment.pools.etl.concurency_limit: unknown key", "did you mean concurrency_limit?"),
    ),
    "wrong type": Case(
        "Pulumi.dev.yaml",
        "workers: 1",
        "workers: many",
        ("Pulumi.dev.yaml", "environment.pools.etl.workers", "integer"),
    ),
    "bad cron": Case(
        "prefect.yaml",
        "cron: 0 6 * * *",
        "cron: 0 25 * * *",
        ("prefect.yaml: line", "schedules[0].cron", "not a cron line"),
    ),
    "bad timezone": Case("prefect.yaml", "Europe/Berlin", "Europe/Berln", ("timezone", "is not a time zone")),
    "unknown key of a deployment": Case(
        "prefect.yaml",
        "    tags: [health]",
        "    tagz: [health]",
        ("line", "deployments[2].tagz: unknown key", "tags?"),
    ),
    "undeclared pool": Case(
        "prefect.yaml",
        "    name: etl\n",
        "    name: elt\n".replace("    name", "    name"),
        ("there is no work pool 'elt', neither in this stack nor on the server; did you mean etl?",),
    ),
    "missing flow": Case(
        "prefect.yaml", "flows/heartbeat.py:heartbeat", "flows/heartbeat.py:beat", ("defines no beat",)
    ),
    "missing secret": Case(
        "Pulumi.dev.yaml",
        "        default: dev-only-token\n",
        "",
        ("the secret 'orders-api-token' has no value", "set ORDERS_API_TOKEN", "infra config set --secret"),
    ),
    "broken YAML": Case("Pulumi.dev.yaml", "    server:", "   server: [", ("Pulumi.dev.yaml:",)),
}


def _files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if "__pycache__" not in path.parts)


@pytest.mark.parametrize("name", CASES)
def test_preview_refuses(name: str, project: Any) -> None:
    case = CASES[name]
    project.edit(case.file, case.old, case.new)
    before = _files(project.root)
    done = project.infra("preview", check=False)
    assert done.returncode == case.code, done.stderr
    for words in case.says:
        assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert _files(project.root) == before


def test_up_refuses_before_anything_is_made(project: Any) -> None:
    project.edit("prefect.yaml", "cron: 0 6 * * *", "cron: 0 25 * * *")
    assert project.infra("up", "--yes", check=False).returncode == 2
    assert not list(project.root.glob(".infra/dev/server/*"))


def test_wrong_passphrase(project: Any) -> None:
    project.infra("env")
    done = project.infra("config", "set", "--secret", "x", "y", check=False, env={"PULUMI_CONFIG_PASSPHRASE": "wrong"})
    assert done.returncode == 2
    assert "incorrect passphrase" in done.stderr


def test_prod_says_what_is_missing(project: Any) -> None:
    done = project.infra("preview", "-s", "prod", check=False)
    assert done.returncode == 2
    assert "PULUMI_CONFIG_PASSPHRASE" in done.stderr
    done = project.infra("preview", "-s", "prod", check=False, env={"PULUMI_CONFIG_PASSPHRASE": "team"})
    assert done.returncode == 2
    assert "the secret 'orders-api-token' has no value" in done.stderr


def test_server_that_is_down(project: Any) -> None:
    project.edit("Pulumi.prod.yaml", "https://prefect.example.com/api", "http://127.0.0.1:9/api")
    env = {"PULUMI_CONFIG_PASSPHRASE": "team", "ORDERS_API_TOKEN": "t"}
    done = project.infra("up", "--yes", "-s", "prod", check=False, env=env)
    assert done.returncode == 4, done.stderr
    assert "no connection" in done.stderr
    assert "Traceback" not in done.stderr


def test_port_in_use(project: Any) -> None:
    config = (project.root / "Pulumi.dev.yaml").read_text()
    port = int(config.split("port: ")[1].split()[0])
    with socket.create_server(("127.0.0.1", port)):
        done = project.infra("up", "--yes", check=False)
    assert done.returncode == 2, done.stderr
    assert f"port {port} is used by another program" in done.stderr


def test_unknown_stack_and_command(project: Any) -> None:
    done = project.infra("preview", "-s", "staging", check=False)
    assert done.returncode == 2
    assert "there is no stack 'staging'" in done.stderr
    assert project.infra("explode", check=False).returncode == 2


def test_a_dev_secret_is_not_readable_with_the_repository(project: Any) -> None:
    project.infra("config", "set", "--secret", "orders-api-token", "very-private")
    text = (project.root / "Pulumi.dev.yaml").read_text()
    assert "very-private" not in text
    assert "secure: v1:" in text
    assert "# From the environment" in text
    assert project.infra("config", "get", "orders-api-token").stdout == "very-private\n"
    assert (project.root / ".infra/dev/passphrase").stat().st_mode & 0o777 == 0o600
