"""`environment` of a stack file: every key with values of the wrong type or out of its bounds is named by its path."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.bad_inputs.files import SALT

WORKERS = "pools.etl.workers"
QUIET = {"type": "event", "posture": "Reactive", "expect": ["none"]}
WRONG: dict[str, list[Any]] = {
    "server": ["x", [], 3, None],
    "server.embedded": ["maybe", 2, []],
    "server.host": [3, [], {}],
    "server.port": [0, 65536, -1, "x", 1.5, []],
    "server.start_timeout": [0, -1, "soon", []],
    "server.ca_file": ["", 3, []],
    "server.insecure": ["maybe", 2, []],
    "server.container": ["x", [], 3],
    "server.container.port": [0, "x"],
    "server.container.image": ["python:3.12", 3],
    "server.container.env": ["x", ["A=1"], {"A": 1}],
    "server.container.prot": [1],
    "server.api_url": ["ftp://example.com/api", "http://example.com", "", 3, []],
    "server.apiurl": ["http://127.0.0.1:9/api"],
    "pools": ["x", [], 3],
    "pools.etl": ["x", [], 3],
    "pools.etl.typ": ["process"],
    "pools.etl.type": [3, []],
    "pools.etl.description": [3, []],
    "pools.etl.concurrency_limit": [-1, "x", 1.5, []],
    "pools.etl.paused": ["maybe", 3],
    "pools.etl.base_job_template": ["x", []],
    "pools.etl.queues": ["x", []],
    "pools.etl.queues.q": ["x", []],
    "pools.etl.queues.q.prio": [1],
    "pools.etl.queues.q.priority": [0, -1, "x"],
    "pools.etl.queues.q.concurrency_limit": [-1, "x"],
    "pools.etl.queues.q.description": [3],
    "pools.etl.job": ["x", []],
    "pools.etl.env_from_blocks": [["A"], {"A": 3}],
    WORKERS: ["many", [], 1.5, True, -1, 33],
    f"{WORKERS}.count": [-1, 33, "x"],
    f"{WORKERS}.cuont": [1],
    f"{WORKERS}.runs_in": ["podman", 3],
    f"{WORKERS}.queues": ["q", [1]],
    f"{WORKERS}.limit": [0, -1, "x"],
    f"{WORKERS}.drain_seconds": [-1, "x"],
    f"{WORKERS}.online_seconds": [0, "x"],
    f"{WORKERS}.memory": [5, "x"],
    f"{WORKERS}.memory_swap": [-2],
    f"{WORKERS}.cpus": [0, -1, "x"],
    f"{WORKERS}.env": [["A"], {"A": 1}],
    f"{WORKERS}.network": [3],
    f"{WORKERS}.docker_socket": [3],
    f"{WORKERS}.namespace": [3],
    f"{WORKERS}.image": ["x:latest", 3],
    f"{WORKERS}.dockerfile": [3],
    f"{WORKERS}.build_args": [[], {"A": 1}],
    f"{WORKERS}.push_to": [3],
    "variables": ["x", []],
    "variables.v": ["x", 3, {}],
    "variables.v.valeu": [1],
    "variables.v.tags": ["x", [1]],
    "json_blocks": ["x", []],
    "secrets": ["x", []],
    "secrets.s": ["x", []],
    "secrets.s.env": [3],
    "secrets.s.file": [3, [], ""],
    "secrets.s.exec": ["op read x", 3, [], {}],
    "secrets.s.default": [3],
    "secrets.s.defualt": ["x"],
    "secrets.s.format": ["yaml"],
    "pools.etl.result_storage": ["results", "a b/c", 3],
    "result_storage": ["results", 3],
    "block_types": ["x", []],
    "block_types.t": ["x", []],
    "block_types.t.fields": [3, []],
    "block_types.t.capabilities": ["x", [1]],
    "block_types.t.feilds": [{}],
    "blocks": ["x", []],
    "blocks.a/b": ["x", {}, {"data": []}, {"data": {"url": {"secret": 3}}}, {"data": {"c": {"block": "d"}}}],
    "blocks.a/b.dta": [{}],
    "blocks.b": [{"data": {}}],
    "blocks.a/B": [{"data": {}}],
    "tag_limits": ["x", []],
    "tag_limits.t": [3, {}],
    "tag_limits.t.limit": [-1, "x"],
    "flows": ["x", []],
    "flows.f": ["x", []],
    "flows.f.tags": ["x", [1]],
    "flows.f.tgas": [[]],
    "automations": ["x", []],
    "automations.a": [
        {},
        "x",
        {"trigger": {}, "actions": []},
        {"trigger": QUIET, "actions": [{"type": "pause-deploymnt"}]},
    ],
    "automations.b": [{"trigger": QUIET, "actions": [{"type": "pause-deployment", "deploymnt": "f/d"}]}],
    "automations.c": [
        {"trigger": QUIET, "actions": [{"type": "do-nothing", "block": "a/b", "block_document_id": "u"}]}
    ],
    "concurrency_limits": ["x", []],
    "concurrency_limits.l": ["x", {}],
    "concurrency_limits.l.limit": [-1, "x"],
    "concurrency_limits.l.slot_decay_per_second": [-1, "x"],
    "deploy": ["x", []],
    "deploy.env": ["x", ["A"], {"A": 1}],
    "deploy.overrides": [[], {"f/d": 3}],
    "deploy.ui_owns": ["tags", ["cron"]],
    "deploy.adopt": ["f/d", [3]],
    "deploy.directories": ["x", ["teams"], {"a": {"directories": {"b": {}}}}],
    "deploy.directories.a": ["x", 3],
    "deploy.directories.a.adopt": ["f/d"],
    "deploy.on_failure": ["go", 3],
    "deploy.keep_on_destroy": ["maybe"],
    "deploy.step_files": ["x", [3]],
    "deploy.plain_text": ["x", [3]],
    "deploy.worker_packages": ["x", [3]],
    "deploy.import_seconds": [0, "x"],
    "verification": ["x", []],
    "verification.smoke": ["x", [{}], [{"deployment": "x"}], [{"deployment": "a/b", "seconds": 0}]],
    "verification.drift": ["maybe"],
    "verification.workers": ["maybe"],
    "verification.online_pools": ["etl", [1]],
    "verification.workers_seconds": [-1, "x"],
    "verification.automations": ["maybe"],
    "release": [
        "x",
        [],
        {},
        {"id": "dev-1"},
        {"id": 3, "commit": "c" * 40},
        {"id": "dev-1", "commit": "c" * 40, "x": 1},
    ],
    "pool": [{}],
    "webhooks": ["x", []],
    "webhooks.h": [{}, {"template": 3}, {"template": "{}", "enabled": "x"}],
    "service_accounts.ci": [{"api_key_expiration": "2027-01-01"}, {"old_key_seconds": -1}, {"roel": "x"}],
    "teams.t": [{"members": ["ada"]}, {"members": ["team/x"]}, {"descripton": "x"}],
    "workspace_roles.r": [{"scopes": "x"}, {"description": "x" * 141}],
    "workspaces": [{"My Space": {}}, []],
    "workspaces.w": [{"deletion_protection": "x"}],
    "workspace_access": [{"ada": "Owner"}, {"user/ada": 3}, {"user/ada": ""}],
    "deployment_access.f/d": [{"manage": ["ada"]}, {"own": []}],
    "work_pool_access.p": [{"run": "x"}],
    "block_access.a/b": [{"run": []}],
    "slas.f/d": [{}, [{"name": "a"}], [{"name": "a", "duration": 1, "within": 1}], [{"name": "a", "duraton": 1}]],
    "managed_automations": [{"zombies": {}}],
    "managed_automations.zombie-cleanup": [{"enabled": "x"}],
    "account_members.a": [{"active": "x"}, {"role": ""}],
}
CASES = [(path, value) for path, values in WRONG.items() for value in values]


def environment_with(path: str, value: Any) -> dict[str, Any]:
    environment: dict[str, Any] = {
        "server": {"api_url": "http://127.0.0.1:9/api"},
        "pools": {"etl": {}},
        "variables": {"v": {"value": 1}},
    }
    *parents, key = path.split(".")
    part = environment
    for parent in parents:
        part = part.setdefault(parent, {})
    part[key] = value
    return environment


@pytest.mark.parametrize(("path", "value"), CASES, ids=lambda given: str(given)[:40])
def test_a_bad_value_is_named_by_its_path(project: Path, refused: Callable[..., str], path: str, value: Any) -> None:
    config = {"encryptionsalt": SALT, "config": {"p:environment": environment_with(path, value)}}
    (project / "Pulumi.dev.yaml").write_text(yaml.safe_dump(config))
    said = refused("preview")
    assert "Pulumi.dev.yaml" in said
    assert re.search(rf"environment\.{re.escape(path)}\b", said), said


@pytest.mark.parametrize(
    ("server", "words"),
    [
        ({}, "give one of"),
        ({"embedded": False}, "give one of"),
        ({"embedded": True, "api_url": "http://127.0.0.1:9/api"}, "give one of"),
        ({"embedded": True, "container": {}}, "give one of"),
        ({"embedded": True, "ca_file": "ca.pem"}, "server.ca_file: only a server with an https address"),
        (
            {"api_url": "http://127.0.0.1:9/api", "insecure": True},
            "server.insecure: only a server with an https address",
        ),
    ],
)
def test_one_server(project: Path, refused: Callable[..., str], server: dict[str, Any], words: str) -> None:
    config = {"encryptionsalt": SALT, "config": {"p:environment": {"server": server}}}
    (project / "Pulumi.dev.yaml").write_text(yaml.safe_dump(config))
    assert words in refused("preview")
