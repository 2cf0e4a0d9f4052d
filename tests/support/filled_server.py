"""A server as a team fills it in a year, in small: every kind, what a create would not make, hard names."""

from __future__ import annotations

import copy
from typing import Any

from prefect_pulumi.api.blocking import BlockingClient
from prefect_pulumi.models.worker_types import worker_types

Json = dict[str, Any]
PARAMETERS = {"title": "Parameters", "type": "object", "properties": {"day": {"type": "string", "default": "today"}}}
SMALL = {"job_configuration": {"command": "{{ command }}"}, "variables": {"properties": {"command": {}}}}
SECRETS = ("hush-password", "hush-login", "hush-hook", "hush-key", "hush-token", "hush-setting", "hush-env")
"""Every secret value that the server holds."""


class Filler:
    """Sends plain requests; `ids` maps kind and name to the UUID."""

    def __init__(self, client: BlockingClient) -> None:
        self.client = client
        self.ids: dict[str, str] = {}

    def post(self, path: str, **body: Any) -> str:
        row = self.client.request("POST", path, json=body, idempotent=True)  # a busy SQLite answers 503
        self.ids[f"{path.strip('/')} {body.get('name') or body.get('tag')}"] = str(row["id"])
        return str(row["id"])

    def fill(self) -> None:
        self.pools()
        self.values()
        self.blocks()
        self.deployments()
        self.automations()

    def pools(self) -> None:
        process = template("process", env={"TZ": "UTC"}, working_dir="/srv/etl")
        self.post("/work_pools/", name="etl", type="process", concurrency_limit=10, base_job_template=process)
        self.post("/work_pools/", name="Ad hoc [x]", type="process", description='für Hand: "alles"')
        docker = template("docker", image="registry.example.com/flows:1", mem_limit="2g")
        self.post("/work_pools/", name="docker-heavy", type="docker", base_job_template=docker, is_paused=True)
        cluster = template("kubernetes", namespace="prod")
        pod = cluster["job_configuration"]["job_manifest"]["spec"]["template"]["spec"]
        pod["tolerations"] = [{"key": "spot", "operator": "Exists"}]
        self.post("/work_pools/", name="cluster", type="kubernetes", base_job_template=cluster)
        self.post("/work_pools/", name="agent", type="prefect-agent", base_job_template={})
        self.post("/work_pools/", name="odd", type="team-made", base_job_template=SMALL)
        for pool, queue, priority, limit in (("etl", "high", 1, 3), ("etl", "low", 9, None), ("cluster", "gpu", 2, 1)):
            self.post(f"/work_pools/{pool}/queues", name=queue, priority=priority, concurrency_limit=limit)
        self.client.request(
            "PATCH", "/work_pools/cluster/queues/default", json={"concurrency_limit": 5, "is_paused": True}
        )

    def values(self) -> None:
        for name, value, tags in (
            ("env", "prod", ["core"]),
            ("limits", {"a": [1, {"b": None}], "c": True}, []),
            ("maybe", None, []),
            ("multi_line", 'a\nb\n"c" \\ {x}', []),
            ("ratio", 3.5, []),
        ):
            self.post("/variables/", name=name, value=value, tags=tags)
        self.post("/v2/concurrency_limits/", name="database", limit=5)
        self.post("/v2/concurrency_limits/", name="api", limit=100, slot_decay_per_second=1.5, active=False)
        self.post("/concurrency_limits/", tag="small instance", concurrency_limit=1)

    def blocks(self) -> None:
        account = self.block_type("acme-account", ["key"], {"user": {"type": "string"}, "key": {"type": "string"}})
        bucket = self.block_type("acme-bucket", ["account.key", "tokens.*"], {"name": {"type": "string"}})
        owner = self.document("acme-account", "prod", {"user": "u", "key": "hush-key"}, account)
        reference = {"$ref": {"block_document_id": owner}}
        tokens = {"a": "hush-token"}
        self.document("acme-bucket", "raw", {"name": "raw", "account": reference, "tokens": tokens}, bucket)
        self.block_schema("acme-account", ["key"], {"user": {"type": "string"}})  # newer than what the block has
        self.document("secret", "password", {"value": "hush-password"})
        self.document("secret", "login", {"value": {"user": "u", "password": "hush-login"}})
        self.document("slack-webhook", "team", {"url": "https://hooks.example.com/hush-hook", "notify_type": "info"})
        settings = {"basepath": "s3://acme", "settings": {"key": "k", "secret": "hush-setting"}}
        results = self.document("remote-file-system", "results", settings)
        storage = {"default_result_storage_block_id": results}
        self.client.request("PATCH", "/work_pools/etl", json={"storage_configuration": storage})
        self.client.request("PUT", "/admin/storage", json=storage)

    def block_type(self, slug: str, secret_fields: list[str], properties: Json) -> str:
        self.post("/block_types/", name=slug.title(), slug=slug, description=f"Of {slug}.")
        return self.block_schema(slug, secret_fields, properties)

    def block_schema(self, slug: str, secret_fields: list[str], properties: Json) -> str:
        kind = self.client.request("GET", f"/block_types/slug/{slug}")["id"]
        fields = {"title": slug, "type": "object", "properties": properties, "secret_fields": secret_fields}
        body = {"block_type_id": kind, "fields": {**fields, "block_schema_references": {}}}
        return str(self.client.request("POST", "/block_schemas/", json=body, idempotent=True)["id"])

    def document(self, slug: str, name: str, data: Json, schema: str = "") -> str:
        kind = self.client.request("GET", f"/block_types/slug/{slug}")["id"]
        query = {"block_schemas": {"block_type_id": {"any_": [kind]}}, "limit": 1}
        newest = schema or self.client.request("POST", "/block_schemas/filter", json=query)[0]["id"]
        body = {"name": name, "data": data, "block_schema_id": newest, "block_type_id": kind}
        row = self.client.request("POST", "/block_documents/", json=body, idempotent=True)
        self.ids[f"block {slug}/{name}"] = str(row["id"])
        return str(row["id"])

    def deployments(self) -> None:
        etl, night = self.post("/flows/", name="etl", tags=["team"]), self.post("/flows/", name="ETL: nightly [full] ü")
        pull = [{"prefect.deployments.steps.set_working_directory": {"directory": "/srv/flows"}}]
        common = {"entrypoint": "flows/etl.py:etl", "pull_steps": pull, "parameter_openapi_schema": PARAMETERS}
        self.post(
            "/deployments/",
            **{**common, "name": "daily", "flow_id": etl, "work_pool_name": "etl", "work_queue_name": "high"},
            **{"tags": ["etl"], "parameters": {"day": "yesterday"}, "version": "abc", "description": "every day"},
            concurrency_limit=2,
            concurrency_options={"collision_strategy": "CANCEL_NEW"},
            job_variables={"env": {"API_TOKEN": "hush-env"}},
            schedules=[
                {"schedule": {"cron": "0 6 * * *", "timezone": "Europe/Berlin"}, "slug": "morning"},
                {"schedule": {"interval": 3600, "anchor_date": "2026-01-01T00:30:00Z"}, "active": False},
                {"schedule": {"rrule": "FREQ=WEEKLY;BYDAY=MO,WE"}, "parameters": {"day": "week"}},
            ],
        )
        shared = self.ids["v2/concurrency_limits database"]
        other = {"name": "hourly", "flow_id": night, "work_pool_name": "docker-heavy", "paused": True}
        self.post("/deployments/", **{**common, **other}, global_concurrency_limit_id=shared)
        self.post("/deployments/", name="laptop", flow_id=night, enforce_parameter_schema=False)

    def automations(self) -> None:
        daily = self.ids["deployments daily"]
        done = {"type": "event", "posture": "Reactive", "expect": ["acme.never"], "threshold": 1, "within": 0}
        about = {"prefect.resource.role": "deployment", "prefect.resource.id": f"prefect.deployment.{daily}"}
        both = {
            "type": "compound",
            "require": "all",
            "within": 60,
            "triggers": [{**done, "match_related": about}, done],
        }
        run = {
            "type": "run-deployment",
            "source": "selected",
            "deployment_id": daily,
            "parameters": {"day": "{{ event.id }}"},
        }
        hook = {"type": "send-notification", "block_document_id": self.ids["block slack-webhook/team"], "body": "b"}
        pause = {"type": "pause-work-pool", "source": "selected", "work_pool_id": self.ids["work_pools etl"]}
        self.post("/automations/", name="Chain", trigger=both, actions=[run, hook], tags=["x"])
        self.post("/automations/", name="Chain", trigger=done, actions=[pause], enabled=False)
        self.post("/automations/", name="daily__automation_1", trigger=done, actions=[run])


def template(worker_type: str, **defaults: Any) -> Json:
    """The type's own base job template with other defaults."""
    own: Json = copy.deepcopy(worker_types()[worker_type])
    for name, value in defaults.items():
        own["variables"]["properties"][name]["default"] = value
    return own


def fill(api_url: str) -> Filler:
    client = BlockingClient(api_url)
    try:
        filler = Filler(client)
        filler.fill()
        return filler
    finally:
        client.close()
