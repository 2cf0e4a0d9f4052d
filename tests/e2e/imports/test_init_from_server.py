"""`infra init --from-server` and `--from-terraform` in a repository of flows: what the server has is taken over."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest

from prefect_pulumi.api.blocking import BlockingClient
from tests.support.commands import infra
from tests.support.terraform_states import attributes, restore, state_of

pytestmark = pytest.mark.e2e
FLOW = "from prefect import flow\n\n\n@flow(name={name!r})\ndef orders(day: str = 'today') -> None:\n    print(day)\n"


def test_a_repository_takes_over_what_terraform_made(tmp_path: Path, prefect_server: str) -> None:
    state = state_of("one-of-each", f"tf-{uuid4().hex[:6]}-")
    restore(state, prefect_server)
    rows = {(kind, own.get("name", "")): own for kind, own in attributes(state)}
    names = {kind: name for kind, name in rows if kind in ("flow", "deployment")}
    human = f"{names['flow']}/{names['deployment']}"
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "orders.py").write_text(FLOW.format(name=names["flow"]))
    (tmp_path / "s.tfstate").write_text(json.dumps(state))
    shown = infra(tmp_path, "init", "--from-terraform", "s.tfstate", "--dry-run", PREFECT_API_URL=prefect_server)
    assert not (tmp_path / "infra").exists()
    done = infra(tmp_path, "init", "--from-terraform", "s.tfstate", PREFECT_API_URL=prefect_server)
    assert done.stderr == shown.stderr
    again = infra(tmp_path, "init", "--from-terraform", "s.tfstate", PREFECT_API_URL=prefect_server)
    assert {line.split()[0] for line in again.stdout.splitlines()} == {"kept"}
    keys = [line.split("--secret ")[1].split()[0] for line in done.stderr.splitlines() if "--secret" in line]
    assert len(keys) == 2
    env = {"PULUMI_CONFIG_PASSPHRASE": "of the team"}
    for key in keys:
        value = "https://hooks.example.com/x" if key.endswith("url") else "s3cret"
        infra(tmp_path, "config", "set", "--secret", key, value, "-s", "prod", **env)
    document = json.loads(infra(tmp_path, "preview", "-s", "prod", "--adopt", "--json", **env).stdout)
    imported = {step["id"] for step in document["steps"] if step["op"] == "import"}
    own_ids = {own["id"] for kind, own in attributes(state) if not kind.startswith(("flow", "deployment"))}
    assert own_ids <= imported
    assert {step["op"] for step in document["steps"]} <= {"import", "create", "same", "update"}
    infra(tmp_path, "up", "--yes", "-s", "prod", "--adopt", **env)
    exported = json.loads(infra(tmp_path, "stack", "export", "-s", "prod", **env).stdout)
    assert own_ids <= {entry.get("id") for entry in exported["deployment"]["resources"]}
    client = BlockingClient(prefect_server)
    live = client.request("GET", f"/deployments/name/{human}")
    client.close()
    assert live["id"] == rows["deployment", names["deployment"]]["id"]
    assert sorted(str(row["schedule"].get("cron")) for row in live["schedules"]) == ["0 6 * * *", "None"]
    infra(tmp_path, "preview", "-s", "prod", "--refresh", "--expect-no-changes", **env)
