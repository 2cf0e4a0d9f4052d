"""A server with basic auth and CSRF protection, behind TLS of a private authority and a header token.

How it is reached stands in the project's own files, as Prefect reads them: its client in the deploy step agrees.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from prefect_pulumi.api.blocking import BlockingClient
from prefect_pulumi.api.connection_settings import connection_settings
from prefect_pulumi.core.errors import NotFoundError
from prefect_pulumi.local.database_template import DatabaseTemplate
from tests.support.gateway import TOKEN, Gateway, gateway
from tests.support.projects import Project
from tests.support.servers import AUTH, prefect_on

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

PROGRAM = """
from prefect_pulumi.resources import Deployments, Variable, WorkPool

pool = WorkPool("guarded", type="process")
Variable("region", name="guarded_region", value="eu")
Deployments("flows", work_pools=[pool.name])
"""
FLOW = "from prefect import flow\n\n\n@flow(name='guarded')\ndef guarded() -> None:\n    pass\n"
PREFECT_YAML = """
name: guarded
pull:
- prefect.deployments.steps.set_working_directory: {directory: .}
deployments:
- name: daily
  entrypoint: flow.py:guarded
  work_pool: {name: guarded}
  schedules:
  - {cron: "0 6 * * *", slug: morning}
"""
CSRF = {"PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true", "PREFECT_SERVER_CSRF_TOKEN_EXPIRATION": "PT4S"}


@pytest.fixture
def front(database_template: DatabaseTemplate, tmp_path: Path) -> Iterator[Gateway]:
    folder = tmp_path / "server"
    database_template.copy(folder / "prefect")
    (folder / "prefect").mkdir(parents=True, exist_ok=True)
    database = f"sqlite+aiosqlite:///{folder / 'prefect' / 'prefect.db'}"
    with prefect_on(database, folder, CSRF) as url, gateway([url], folder) as known:
        yield known


@pytest.fixture
def client(front: Gateway, tmp_path: Path) -> Iterator[BlockingClient]:
    environment = {
        "PREFECT_API_AUTH_STRING": AUTH,
        "PREFECT_API_SSL_CERT_FILE": str(front.authority),
        "PREFECT_CLIENT_CUSTOM_HEADERS": json.dumps({"X-Gateway-Token": TOKEN}),
    }
    client = BlockingClient(connection_settings({"apiUrl": front.tls_url("/token")}, environment, tmp_path))
    yield client
    client.close()


def test_a_stack_lives_on_a_protected_server(front: Gateway, client: BlockingClient, tmp_path: Path) -> None:
    project = Project.small(tmp_path / "project", front.tls_url("/token"), PROGRAM)
    root = project.root
    (root / "prefect.toml").write_text(
        f"[api]\nssl_cert_file = {json.dumps(str(front.authority))}\n"
        f'[client.custom_headers]\nX-Gateway-Token = "{TOKEN}"\n'
    )
    (root / ".env").write_text(f"PREFECT_API_AUTH_STRING={AUTH}\n")
    (root / "flow.py").write_text(FLOW)
    (root / "prefect.yaml").write_text(PREFECT_YAML)

    project.infra("up", "--yes")
    deployment = client.request("GET", "/deployments/name/guarded/daily")
    assert [schedule["slug"] for schedule in deployment["schedules"]] == ["morning"]

    # The token of each client has expired by now: it is renewed.
    client.request("PATCH", f"/deployments/{deployment['id']}", json={"description": "by hand"})
    project.infra("refresh", "--yes")
    project.edit("prefect.yaml", "0 6 * * *", "0 7 * * *")
    project.infra("up", "--yes")
    deployment = client.request("GET", "/deployments/name/guarded/daily")
    assert deployment["schedules"][0]["schedule"]["cron"] == "0 7 * * *"

    doctor = {check["name"]: check for check in json.loads(project.infra("doctor", "--json").stdout)["checks"]}
    assert doctor["credentials"]["text"] == f"accepted: PREFECT_API_AUTH_STRING of {root / '.env'}"
    assert doctor["PREFECT_CLIENT_CUSTOM_HEADERS"]["text"] == f"X-Gateway-Token, from {root / 'prefect.toml'}"
    (root / ".env").write_text("PREFECT_API_AUTH_STRING=admin:other\n")
    failed = project.infra("doctor", check=False)
    assert failed.returncode == 1
    assert "HTTP 401" in failed.stdout
    assert TOKEN not in failed.stdout + failed.stderr
    (root / ".env").write_text(f"PREFECT_API_AUTH_STRING={AUTH}\n")

    project.infra("destroy", "--yes")
    with pytest.raises(NotFoundError):
        client.request("GET", "/deployments/name/guarded/daily")
    assert not client.paged("/variables/filter", {"variables": {"name": {"any_": ["guarded_region"]}}})
