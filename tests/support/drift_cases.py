"""A program of every kind, and each kind of change that is made to its objects outside the code."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from prefect_pulumi.api.blocking import BlockingClient

PROGRAM = """
import pulumi
from prefect_pulumi.resources import *

n = pulumi.Config().require("n")
template = {
    "job_configuration": {"command": "{{ command }}", "env": "{{ env }}"},
    "variables": {"properties": {
        "command": {"type": "string", "default": "run"},
        "env": {"type": "object", "default": {"LEVEL": "info"}},
    }},
}
pool = WorkPool(f"pool-{n}", type="process", concurrency_limit=3, description="one", base_job_template=template)
paused = WorkPool(f"paused-{n}", type="process")
bare = WorkPool(f"bare-{n}", type="process")
lost_pool = WorkPool(f"lost-pool-{n}", type="process")
old_queue = WorkQueue("old-queue", work_pool_name=pool.name, priority=11)
queue = WorkQueue("q", work_pool_name=pool.name, priority=5, concurrency_limit=2, description="fast lane")
calm = WorkQueue("calm", work_pool_name=pool.name, priority=7)
lost_queue = WorkQueue("lost-queue", work_pool_name=pool.name, priority=9)
for name in ("value", "tags", "renamed", "lost", "remade", "deep"):
    Variable(f"{name}_{n}", value={"a": [1, {"b": 2}]} if name == "deep" else "eu", tags=["a"])
SecretBlock(f"secret-{n}", value="s3cret-of-the-code")
SecretBlock(f"lost-secret-{n}", value="s3cret-that-is-gone")
JsonBlock(f"json-{n}", value={"retries": 3, "hosts": ["a", "b"]})
kind = BlockType(f"type-{n}", slug=f"type-{n}", description="words")
schema = BlockSchema("schema", block_type_slug=kind.slug, fields={"title": n, "type": "object", "properties": {}})
BlockDocument(
    f"doc-{n}", block_type_slug=kind.slug, block_schema_id=schema.id,
    data={"host": "dwh.internal", "password": "s3cret-in-data"},
)
GlobalConcurrencyLimit(f"limit-{n}", limit=2)
GlobalConcurrencyLimit(f"off-{n}", limit=2)
GlobalConcurrencyLimit(f"decay-{n}", limit=2, slot_decay_per_second=1.5)
GlobalConcurrencyLimit(f"old-name-{n}", limit=2)
TaskRunConcurrencyLimit(f"tag-{n}", limit=4)
flow = Flow(f"flow-{n}", tags=["x"])
where = {"flow_name": flow.name, "work_pool_name": pool.name, "enforce_parameter_schema": False}
daily = Deployment(
    "daily", description="d", tags=["t"], work_queue_name=queue.name, concurrency_limit=2,
    parameters={"day": "today", "deep": {"x": 1}}, job_variables={"env": {"A": "1"}}, version="1", **where,
)
paused_in_ui = Deployment("paused-in-ui", **where)
lost = Deployment("lost", **where)
DeploymentSchedule("cron", deployment_id=daily.id, cron="0 6 * * *", slug="cron", active=False)
DeploymentSchedule("interval", deployment_id=daily.id, interval=900, slug="interval")
RULE = "FREQ=DAILY;BYHOUR=6"
DeploymentSchedule("rule", deployment_id=daily.id, rrule=RULE, slug="rule", active=False)
DeploymentSchedule("lost-schedule", deployment_id=daily.id, cron="0 7 * * *", slug="lost-schedule", active=False)
QUIET = {"type": "event", "posture": "Reactive", "expect": ["nothing"]}
ACTIONS = [{"type": "run-deployment", "deployment_id": daily.id}]
Automation(f"automation-{n}", trigger=QUIET, actions=ACTIONS, description="one")
Automation(f"lost-automation-{n}", trigger=QUIET, actions=ACTIONS, enabled=False)
"""


class Api:
    """The people who change things behind the code's back: the real API, tried again where a busy server says so."""

    def __init__(self, url: str) -> None:
        self.client = BlockingClient(url)

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        return self.client.request(method, path, json=body, idempotent=True)

    def deployment(self, n: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self("GET", f"/deployments/name/flow-{n}/{name}")
        return found

    def schedule(self, n: str, slug: str) -> str:
        row = self.deployment(n, "daily")
        id = next(each["id"] for each in row["schedules"] if each["slug"] == slug)
        return f"/deployments/{row['id']}/schedules/{id}"

    def block(self, slug: str, name: str) -> str:
        return f"/block_documents/{self('GET', f'/block_types/slug/{slug}/block_documents/name/{name}')['id']}"

    def automation(self, name: str) -> dict[str, Any]:
        body = {"automations": {"name": {"any_": [name]}}}
        found: dict[str, Any] = self("POST", "/automations/filter", body)[0]
        return found


@dataclass(frozen=True)
class Case:
    """One change: how it is made, and the item and the fields (path -> last applied, live) that say so."""

    what: str
    make: Callable[[Api, str], Any]
    kind: str
    name: str
    cls: str
    fields: dict[str, tuple[Any, Any]]
    flags: tuple[str, ...] = ()


def patch(path: str, body: dict[str, Any]) -> Callable[[Api, str], Any]:
    return lambda api, n: api("PATCH", path.format(n=n), body)


def delete(path: str) -> Callable[[Api, str], Any]:
    return lambda api, n: api("DELETE", path.format(n=n))


def post(path: str, body: dict[str, Any]) -> Callable[[Api, str], Any]:
    return lambda api, n: api("POST", path.format(n=n), json.loads(json.dumps(body).replace("NNN", n)))


def of_deployment(name: str, body: dict[str, Any]) -> Callable[[Api, str], Any]:
    return lambda api, n: api("PATCH", f"/deployments/{api.deployment(n, name)['id']}", body)


def of_schedule(slug: str, body: dict[str, Any]) -> Callable[[Api, str], Any]:
    return lambda api, n: api("PATCH", api.schedule(n, slug), body)


def of_block(slug: str, name: str, body: dict[str, Any]) -> Callable[[Api, str], Any]:
    return lambda api, n: api("PATCH", api.block(slug.format(n=n), name.format(n=n)), body)


def of_automation(name: str, **over: Any) -> Callable[[Api, str], Any]:
    def change(api: Api, n: str) -> Any:
        found = api.automation(name.format(n=n))
        kept = ("name", "description", "enabled", "trigger", "actions", "actions_on_trigger", "actions_on_resolve")
        return api("PUT", f"/automations/{found['id']}", {**{key: found[key] for key in kept}, **over})

    return change


def remade(api: Api, n: str) -> None:
    api("DELETE", f"/variables/name/remade_{n}")
    api("POST", "/variables/", {"name": f"remade_{n}", "value": "eu", "tags": ["a"]})


def template(api: Api, n: str) -> Any:
    found = api("GET", f"/work_pools/pool-{n}")["base_job_template"]
    found["variables"]["properties"]["command"]["default"] = "run faster"
    found["variables"]["properties"]["env"]["default"]["EXTRA"] = "1"
    return api("PATCH", f"/work_pools/pool-{n}", {"base_job_template": found})


def moved(api: Api, n: str) -> Any:
    return of_deployment("paused-in-ui", {"work_pool_name": f"paused-{n}"})(api, n)


LIVE, GONE, NEW = "changed live", "missing live", "unmanaged live"
S, NONE = "[secret]", "[none]"
CRON = {"schedule": {"cron": "30 5 * * *"}, "active": False}
CASES = (
    Case("limit of a pool", patch("/work_pools/pool-{n}", {"concurrency_limit": 9}), "WorkPool", "pool-{n}", LIVE,
         {"concurrencyLimit": (3, 9)}),
    Case("description of a pool", patch("/work_pools/pool-{n}", {"description": "two"}), "WorkPool", "pool-{n}", LIVE,
         {"description": ("one", "two")}),
    Case("base job template of a pool", template, "WorkPool", "pool-{n}", LIVE,
         {"baseJobTemplate.variables.properties.command.default": ("run", "run faster"),
          "baseJobTemplate.variables.properties.env.default.EXTRA": (NONE, "1")}),
    Case("pool paused in the UI", patch("/work_pools/paused-{n}", {"is_paused": True}), "WorkPool", "paused-{n}", LIVE,
         {"paused": (False, True)}),
    Case("limit where the code has none", patch("/work_pools/bare-{n}", {"concurrency_limit": 0}), "WorkPool",
         "bare-{n}", LIVE, {"concurrencyLimit": (NONE, 0)}),
    Case("pool deleted", delete("/work_pools/lost-pool-{n}"), "WorkPool", "lost-pool-{n}", GONE, {}),
    Case("priority of a queue", patch("/work_pools/pool-{n}/queues/q", {"priority": 3}), "WorkQueue", "pool-{n}/q",
         LIVE, {"priority": (5, 3)}),
    Case("limit of a queue", patch("/work_pools/pool-{n}/queues/q", {"concurrency_limit": 4}), "WorkQueue",
         "pool-{n}/q", LIVE, {"concurrencyLimit": (2, 4)}),
    Case("queue paused in the UI", patch("/work_pools/pool-{n}/queues/calm", {"is_paused": True}), "WorkQueue",
         "pool-{n}/calm", LIVE, {"paused": (False, True)}),
    Case("queue deleted", delete("/work_pools/pool-{n}/queues/lost-queue"), "WorkQueue", "pool-{n}/lost-queue", GONE,
         {}),
    Case("queue renamed", patch("/work_pools/pool-{n}/queues/old-queue", {"name": "new-name"}), "WorkQueue",
         "pool-{n}/old-queue", LIVE, {"name": ("old-queue", "new-name")}),
    Case("value of a variable", patch("/variables/name/value_{n}", {"value": "us"}), "Variable", "value_{n}", LIVE,
         {"value": ("eu", "us")}),
    Case("value deep in a variable", patch("/variables/name/deep_{n}", {"value": {"a": [1, {"b": 3}], "c": None}}),
         "Variable", "deep_{n}", LIVE, {"value.a[1].b": (2, 3)}),
    Case("tags of a variable", patch("/variables/name/tags_{n}", {"tags": ["a", "b"]}), "Variable", "tags_{n}", LIVE,
         {"tags": (["a"], ["a", "b"])}),
    Case("variable renamed", patch("/variables/name/renamed_{n}", {"name": "new_name"}), "Variable", "renamed_{n}",
         LIVE, {"name": ("renamed_{n}", "new_name")}),
    Case("variable deleted", delete("/variables/name/lost_{n}"), "Variable", "lost_{n}", GONE, {}),
    Case("variable deleted and recreated", remade, "Variable", "remade_{n}", LIVE, {}),
    Case("value of a secret", of_block("secret", "secret-{n}", {"data": {"value": "s3cret-of-the-UI"}}),
         "SecretBlock", "secret-{n}", LIVE, {"value": (S, S)}, ("secret changed",)),
    Case("secret deleted", lambda api, n: api("DELETE", api.block("secret", f"lost-secret-{n}")), "SecretBlock",
         "lost-secret-{n}", GONE, {}),
    Case("value deep in a JSON block",
         of_block("json", "json-{n}", {"data": {"value": {"retries": 5, "hosts": ["a", "c"]}}}), "JsonBlock",
         "json-{n}", LIVE, {"value.retries": (3, 5), "value.hosts[1]": ("b", "c")}),
    Case("data of a block", of_block("type-{n}", "doc-{n}", {"data": {"password": "s3cret-in-the-UI"}}),
         "BlockDocument", "type-{n}/doc-{n}", LIVE, {"data.password": (S, S)}, ("secret changed",)),
    Case("description of a block type",
         lambda api, n: api("PATCH", f"/block_types/{api('GET', f'/block_types/slug/type-{n}')['id']}",
                            {"description": "other words"}),
         "BlockType", "type-{n}", LIVE, {"description": ("words", "other words")}),
    Case("slots of a limit", patch("/v2/concurrency_limits/limit-{n}", {"limit": 8}), "GlobalConcurrencyLimit",
         "limit-{n}", LIVE, {"limit": (2, 8)}),
    Case("limit turned off", patch("/v2/concurrency_limits/off-{n}", {"active": False}), "GlobalConcurrencyLimit",
         "off-{n}", LIVE, {"active": (True, False)}),
    Case("decay of a limit", patch("/v2/concurrency_limits/decay-{n}", {"slot_decay_per_second": 3}),
         "GlobalConcurrencyLimit", "decay-{n}", LIVE, {"slotDecayPerSecond": (1.5, 3)}),
    Case("limit renamed", patch("/v2/concurrency_limits/old-name-{n}", {"name": "new-name"}),
         "GlobalConcurrencyLimit", "old-name-{n}", LIVE, {"name": ("old-name-{n}", "new-name")}),
    Case("limit of a tag", post("/concurrency_limits/", {"tag": "tag-NNN", "concurrency_limit": 1}),
         "TaskRunConcurrencyLimit", "tag-{n}", LIVE, {"limit": (4, 1)}),
    Case("tags of a flow",
         lambda api, n: api("PATCH", f"/flows/{api('GET', f'/flows/name/flow-{n}')['id']}", {"tags": ["y"]}),
         "Flow", "flow-{n}", LIVE, {"tags[0]": ("x", "y")}),
    Case("parameters of a deployment",
         of_deployment("daily", {"parameters": {"day": "yesterday", "deep": {"x": 1, "y": 2}}}), "Deployment",
         "flow-{n}/daily", LIVE, {"parameters.day": ("today", "yesterday"), "parameters.deep.y": (NONE, 2)}),
    Case("job variables of a deployment", of_deployment("daily", {"job_variables": {"env": {"A": "2"}}}),
         "Deployment", "flow-{n}/daily", LIVE, {"jobVariables.env.A": ("1", "2")}),
    Case("tags, version and description of a deployment",
         of_deployment("daily", {"tags": [], "version": "2", "description": "e"}), "Deployment", "flow-{n}/daily",
         LIVE, {"tags": (["t"], []), "version": ("1", "2"), "description": ("d", "e")}),
    Case("limit of a deployment", of_deployment("daily", {"concurrency_limit": 5}), "Deployment", "flow-{n}/daily",
         LIVE, {"concurrencyLimit": (2, 5)}),
    Case("deployment paused in the UI", of_deployment("paused-in-ui", {"paused": True}), "Deployment",
         "flow-{n}/paused-in-ui", LIVE, {"paused": (False, True)}, ("schedule turned off",)),
    Case("deployment moved to another pool", moved, "Deployment",
         "flow-{n}/paused-in-ui", LIVE, {"workPoolName": ("pool-{n}", "paused-{n}")}),
    Case("deployment deleted", lambda api, n: api("DELETE", f"/deployments/{api.deployment(n, 'lost')['id']}"),
         "Deployment", "flow-{n}/lost", GONE, {}, ("scheduled runs lost",)),
    Case("cron of a schedule, which is turned on", of_schedule("cron", {**CRON, "active": True}),
         "DeploymentSchedule", "flow-{n}/daily/cron", LIVE,
         {"cron": ("0 6 * * *", "30 5 * * *"), "active": (False, True)}, ("schedule turned active",)),
    Case("schedule turned off in the UI", of_schedule("interval", {"active": False}), "DeploymentSchedule",
         "flow-{n}/daily/interval", LIVE, {"active": (True, False)}, ("schedule turned off",)),
    Case("planned runs of a schedule", of_schedule("interval", {"max_scheduled_runs": 3}),
         "DeploymentSchedule", "flow-{n}/daily/interval", LIVE, {"maxScheduledRuns": (NONE, 3)}, ("revert replaces",)),
    Case("path of a deployment", of_deployment("daily", {"path": "/elsewhere"}), "Deployment", "flow-{n}/daily", LIVE,
         {"path": (NONE, "/elsewhere")}),
    Case("rule and time zone of a schedule",
         of_schedule("rule", {"schedule": {"rrule": "FREQ=DAILY;BYHOUR=7", "timezone": "Europe/Berlin"}}),
         "DeploymentSchedule", "flow-{n}/daily/rule", LIVE, {"timezone": (NONE, "Europe/Berlin")}),
    Case("schedule deleted", lambda api, n: api("DELETE", api.schedule(n, "lost-schedule")), "DeploymentSchedule",
         "flow-{n}/daily/lost-schedule", GONE, {}),
    Case("automation turned off and described",
         of_automation("automation-{n}", enabled=False, description="two"), "Automation", "automation-{n}", LIVE,
         {"enabled": (True, False), "description": ("one", "two")}),
    Case("automation deleted",
         lambda api, n: api("DELETE", f"/automations/{api.automation(f'lost-automation-{n}')['id']}"), "Automation",
         "lost-automation-{n}", GONE, {}),
    Case("new pool", post("/work_pools/", {"name": "new-pool-NNN", "type": "process"}), "WorkPool", "new-pool-{n}",
         NEW, {}),
    Case("new queue in a managed pool", post("/work_pools/pool-{n}/queues", {"name": "new-queue"}), "WorkQueue",
         "pool-{n}/new-queue", NEW, {}),
    Case("new variable", post("/variables/", {"name": "new_NNN", "value": "s3cret?"}), "Variable", "new_{n}", NEW, {}),
    Case("new limit", post("/v2/concurrency_limits/", {"name": "new-limit-NNN", "limit": 1}),
         "GlobalConcurrencyLimit", "new-limit-{n}", NEW, {}),
    Case("new schedule of a managed deployment",
         lambda api, n: api("POST", f"/deployments/{api.deployment(n, 'daily')['id']}/schedules",
                            [{"schedule": {"cron": "0 9 * * *"}, "active": False, "slug": "new"}]),
         "DeploymentSchedule", "flow-{n}/daily/new", NEW, {}),
    Case("new deployment",
         lambda api, n: api("POST", "/deployments/",
                            {"name": "new", "flow_id": api("GET", f"/flows/name/flow-{n}")["id"]}),
         "Deployment", "flow-{n}/new", NEW, {}),
)  # fmt: skip
