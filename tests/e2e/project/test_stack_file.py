"""Every kind out of the stack file alone, by names alone, with the program that each project begins with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.support.gateway import TOKEN, gateway
from tests.support.projects import REPOSITORY, Project
from tests.support.rest import call

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

STACK_FILE = """\
config:
  prefect-infra:environment:
    server: {api_url: URL}
    pools:
      pool-NNN: {type: process, queues: {fast: {priority: 1}}, result_storage: local-file-system/results-NNN}
    variables:
      region_NNN: {value: eu}
    json_blocks:
      app-NNN: {hosts: [a]}
    secrets:
      token-NNN: {env: TOKEN_NNN}
    block_types:
      bucket-NNN:
        name: Bucket NNN
        fields:
          title: Bucket
          type: object
          properties: {name: {type: string}, account: {}, keys: {type: object}}
          required: [name]
          secret_fields: [keys.*]
          block_schema_references: {account: {block_type_slug: account-NNN}}
      account-NNN:
        fields: {title: Account, type: object, properties: {user: {type: string}, limits: {type: object}}}
    blocks:
      bucket-NNN/raw:
        data: {name: raw, account: {block: account-NNN/prod}, keys: {a: {secret: {env: TOKEN_NNN}}}}
      account-NNN/prod:
        data: {user: u, limits: {secret: {default: '{"day": 3}', format: json}}}
      local-file-system/results-NNN: {data: {basepath: /srv/results}}
      slack-webhook/team-NNN: {data: {url: {secret: hook-NNN}, notify_type: info}}
    result_storage: local-file-system/results-NNN
    concurrency_limits:
      database-NNN: {limit: 2}
    tag_limits:
      tag-NNN: {limit: 3}
    flows:
      work-NNN: {tags: [team]}
    automations:
      first NNN:
        trigger:
          type: event
          posture: Reactive
          expect: [none]
          match: {prefect.resource.id: {automation: second NNN}}
        actions:
        - {type: run-deployment, deployment: work-NNN/daily}
        - {type: send-notification, block: slack-webhook/team-NNN, body: late}
      second NNN:
        enabled: false
        trigger:
          type: event
          posture: Reactive
          expect: [none]
          match_related:
            prefect.resource.role: deployment
            prefect.resource.id: [{deployment: work-NNN/daily}, {flow: work-NNN}]
        actions:
        - {type: pause-work-pool, work_pool: pool-NNN}
        - {type: pause-work-queue, work_queue: pool-NNN/fast}
"""
PREFECT = """\
deployments:
- name: daily
  entrypoint: flows/work.py:work
  work_pool: {name: pool-NNN}
  pull: [{prefect.deployments.steps.set_working_directory: {directory: /tmp}}]
"""
FLOW = "from prefect import flow\n\n\n@flow(name='work-NNN')\ndef work() -> None:\n    print('done')\n"


@pytest.fixture
def n(small: Project, prefect_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What is in the names of all objects."""
    n = uuid4().hex[:8]
    monkeypatch.setenv(f"TOKEN_{n}", "hush-token")
    (small.root / "flows").mkdir()
    for path, text in (
        ("infra/__main__.py", (REPOSITORY / "infra" / "__main__.py").read_text()),
        ("Pulumi.dev.yaml", STACK_FILE.replace("URL", prefect_server)),
        ("prefect.yaml", PREFECT),
        ("flows/work.py", FLOW),
    ):
        (small.root / path).write_text(text.replace("NNN", n))
    small.infra("config", "set", "--secret", f"hook-{n}", "https://hooks.example.com/hush")
    return n


@pytest.mark.repeated
def test_every_kind_by_name(small_engine: Any, small: Project, prefect_server: str, n: str) -> None:
    def get(path: str) -> Any:
        return call(prefect_server, "GET", path)

    small_engine.up()
    assert small_engine.changes(refresh=True) == {}
    deployment = get(f"/deployments/name/work-{n}/daily")
    pool = get(f"/work_pools/pool-{n}")
    results = get(f"/block_types/slug/local-file-system/block_documents/name/results-{n}")
    bucket = get(f"/block_types/slug/bucket-{n}/block_documents/name/raw?include_secrets=true")
    account = get(f"/block_types/slug/account-{n}/block_documents/name/prod?include_secrets=true")
    hook = get(f"/block_types/slug/slack-webhook/block_documents/name/team-{n}?include_secrets=true")
    assert pool["storage_configuration"]["default_result_storage_block_id"] == results["id"]
    assert get("/admin/storage") == {"default_result_storage_block_id": results["id"]}
    assert bucket["data"]["keys"] == {"a": "hush-token"}
    assert bucket["block_document_references"]["account"]["block_document"]["id"] == account["id"]
    assert account["data"]["limits"] == {"day": 3}
    assert hook["data"]["url"] == "https://hooks.example.com/hush"
    assert get(f"/concurrency_limits/tag/tag-{n}")["concurrency_limit"] == 3
    assert get(f"/flows/name/work-{n}")["tags"] == ["team"]
    names = {"automations": {"name": {"any_": [f"first {n}", f"second {n}"]}}}
    rows = call(prefect_server, "POST", "/automations/filter", names)
    first, second = sorted(rows, key=lambda row: str(row["name"]))
    assert first["trigger"]["match"] == {"prefect.resource.id": f"prefect.automation.{second['id']}"}
    assert [action.get("deployment_id") for action in first["actions"]] == [deployment["id"], None]
    assert first["actions"][1]["block_document_id"] == hook["id"]
    related = [f"prefect.deployment.{deployment['id']}", f"prefect.flow.{deployment['flow_id']}"]
    assert second["trigger"]["match_related"]["prefect.resource.id"] == related
    assert second["actions"][0]["work_pool_id"] == pool["id"]
    call(prefect_server, "DELETE", "/admin/storage")
    assert small_engine.changes(refresh=True)["create"] == 1
    small_engine.destroy()
    assert get("/admin/storage") == {"default_result_storage_block_id": None}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("notify_type:", "notify_tpye:", ("slack-webhook/team-", "there is no field 'notify_tpye'; did you mean")),
        ("data: {name: raw,", "data: {", ("environment.blocks.bucket-", "needs the field 'name'")),
        ("user: u,", "user: [u],", ("environment.blocks.account-", "'user' must be a string")),
        ("work_pool: pool-NNN", "work_pool: pol-NNN", ("environment.automations.second", "did you mean pool-NNN?")),
        ("block: account-NNN/prod", "block: bucket-NNN/raw", ("environment.blocks.bucket-", "a circle of references")),
        ("flow: work-NNN", "automation: first NNN", ("environment.automations.", "a circle of references")),
        ("secret: hook-NNN", "secret: hok-NNN", (".data.url", "infra config set --secret hok-NNN -s dev")),
    ],
)
def test_a_fault_names_file_key_and_remedy(small: Project, n: str, old: str, new: str, words: tuple[str, ...]) -> None:
    small.edit("Pulumi.dev.yaml", old.replace("NNN", n), new.replace("NNN", n))
    done = small.infra("preview", check=False)
    assert done.returncode == 2 or "notify" in new, done.stderr[-2000:]
    assert done.returncode != 0
    for word in words:
        assert word.replace("NNN", n) in " ".join(done.stderr.split()), done.stderr[-2000:]
    assert "Traceback" not in done.stderr


def test_a_server_behind_a_private_authority_and_a_header(
    small: Project, prefect_server: str, n: str, tmp_path: Path
) -> None:
    """Engine and deploy step send what the stack says: the header, a secret, and the authorities or none."""
    folder = tmp_path / "gateway"
    folder.mkdir()
    with gateway([prefect_server], folder) as front:
        (small.root / "ca.pem").write_bytes(front.authority.read_bytes())
        address = f"api_url: '{front.tls_url('/token')}'"
        small.edit("Pulumi.dev.yaml", f"api_url: {prefect_server}", f"{address}, ca_file: ca.pem")
        small.infra("config", "set", "--secret", "prefect:customHeaders", json.dumps({"X-Gateway-Token": "wrong"}))
        refused = small.infra("preview", check=False)
        assert "prefect:customHeaders" in refused.stderr
        small.infra("config", "set", "--secret", "prefect:customHeaders", json.dumps({"X-Gateway-Token": TOKEN}))
        small.infra("up", "--yes")
        assert call(prefect_server, "GET", f"/deployments/name/work-{n}/daily")["work_pool_name"] == f"pool-{n}"
        small.infra("refresh", "--yes", "--expect-no-changes")
        small.edit("Pulumi.dev.yaml", "ca_file: ca.pem", "insecure: true")
        small.infra("destroy", "--yes")
    private = [file.read_text(errors="replace") for file in (small.root / ".infra").rglob("*") if file.is_file()]
    assert not [text for text in private if TOKEN in text]


def test_an_older_program_says_what_it_does_not_declare(small: Project, n: str) -> None:
    small.edit("infra/__main__.py", "automations = declare_automations(environment, objects, flows=[flows])\n", "")
    done = small.infra("preview", check=False)
    assert done.returncode == 2
    assert "environment.automations: the program declares no automations" in " ".join(done.stderr.split())


def test_a_first_preview_needs_no_server(small: Project, n: str, tmp_path: Path) -> None:
    file = small.root / "Pulumi.dev.yaml"
    text = file.read_text()
    start = text.index("server: {") + len("server: ")
    file.write_text(text[:start] + "{embedded: true, port: 4299}" + text[text.index("\n", start) :])
    assert "Automation" in small.infra("preview", "--json").stdout
