"""The prod stack against a server of its own: PostgreSQL, basic auth, the auth string a secret of the stack."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import httpx
import pytest

from tests.support import servers

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

AUTH = "admin:not-a-real-password"


def test_prod_stack_on_postgresql_with_basic_auth(project: Any, prod: str, postgres: str) -> None:
    project.edit("Pulumi.prod.yaml", "https://prefect.example.com/api", prod)
    project.edit("Pulumi.prod.yaml", "concurrency_limit: 50", "concurrency_limit: 50\n        workers: 1")
    env = {"PULUMI_CONFIG_PASSPHRASE": "of the team", "ORDERS_API_TOKEN": "token-of-prod"}
    assert httpx.post(f"{prod}/variables/filter", json={}).status_code == 401

    refused = project.infra("up", "--yes", "-s", "prod", check=False, env=env)
    assert refused.returncode != 0
    assert "401" in refused.stderr
    project.infra("config", "set", "--secret", "prefect:authString", AUTH, "-s", "prod", env=env)
    assert AUTH not in (project.root / "Pulumi.prod.yaml").read_text()

    project.infra("up", "--yes", "-s", "prod", env=env)
    try:
        assert project.infra("preview", "--refresh", "--expect-no-changes", "-s", "prod", env=env).returncode == 0
        shown = json.loads(project.infra("status", "-s", "prod", "--json", env=env).stdout)
        assert [w["status"] for w in shown["pools"][0]["workers"]] == ["ONLINE"]
        # What the server holds is in PostgreSQL, by its own migrations.
        programs = servers.binaries()
        assert programs is not None
        query = "select (select count(*) from alembic_version), (select count(*) from variable)"
        address = postgres.replace("postgresql+asyncpg", "postgresql")
        told = subprocess.run([programs / "psql", address, "-Atc", query], check=True, capture_output=True, text=True)
        assert told.stdout.strip() == "1|2"
        for file in (project.root / ".infra").rglob("*"):
            if file.is_file() and file.suffix in {".json", ".log", ".jsonl"}:
                assert AUTH not in file.read_text(errors="replace"), file
    finally:
        project.infra("destroy", "--yes", "-s", "prod", env=env)
