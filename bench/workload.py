"""The workload of the comparison: the same mix of objects as a program, as plain requests, and as Terraform."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

SHARES = {"pools": 0.1, "queues": 0.2, "variables": 0.3, "secrets": 0.2, "limits": 0.2}

PROGRAM = """
from prefect_pulumi.resources import *
N = {size}
pools = [WorkPool(f"pool-{{i}}", type="process") for i in range(N // 10)]
for i in range(N // 5):
    WorkQueue(f"queue-{{i}}", name=f"q{{i}}", work_pool_name=pools[i % len(pools)].name)
for i in range(N * 3 // 10):
    Variable(f"variable_{{i}}", value={{"number": i}})
for i in range(N // 5):
    SecretBlock(f"secret-{{i}}", value=f"value {{i}}")
    GlobalConcurrencyLimit(f"limit-{{i}}", limit=i + 1)
"""

TERRAFORM = """
terraform {{
  required_providers {{
    prefect = {{ source = "prefecthq/prefect" }}
  }}
}}
provider "prefect" {{ endpoint = "{api}" }}
resource "prefect_work_pool" "p" {{
  count = {pools}
  name  = "pool-${{count.index}}"
  type  = "process"
}}
resource "prefect_work_queue" "q" {{
  count          = {queues}
  name           = "q${{count.index}}"
  work_pool_name = prefect_work_pool.p[count.index % {pools}].name
}}
resource "prefect_variable" "v" {{
  count = {variables}
  name  = "variable_${{count.index}}"
  value = jsonencode({{ number = count.index }})
}}
resource "prefect_block" "s" {{
  count     = {secrets}
  name      = "secret-${{count.index}}"
  type_slug = "secret"
  data      = jsonencode({{ value = "value ${{count.index}}" }})
}}
resource "prefect_global_concurrency_limit" "l" {{
  count = {limits}
  name  = "limit-${{count.index}}"
  limit = count.index + 1
}}
"""


def counts(size: int) -> dict[str, int]:
    return {name: round(size * share) for name, share in SHARES.items()}


ROUTES = {"/variables/": "/variables/name/"}
"""Where an object is found by its name, if not where it is made."""


async def floor(api: str, size: int, parallel: int = 2) -> tuple[float, float]:
    """Seconds to make and to delete the objects with a bare client: what no tool can be faster than."""
    many = counts(size)
    async with httpx.AsyncClient(base_url=api, timeout=60) as client:
        kind = (await client.get("/block_types/slug/secret")).json()["id"]
        schemas = {"block_schemas": {"block_type_id": {"any_": [kind]}}}
        schema = (await client.post("/block_schemas/filter", json=schemas)).json()[0]["id"]
        block = {"block_type_id": kind, "block_schema_id": schema}
        pools = [("/work_pools/", {"name": f"pool-{i}", "type": "process"}) for i in range(many["pools"])]
        rest: list[tuple[str, Any]] = []
        for i in range(many["queues"]):
            rest.append((f"/work_pools/pool-{i % many['pools']}/queues", {"name": f"q{i}"}))
        for i in range(many["variables"]):
            rest.append(("/variables/", {"name": f"variable_{i}", "value": {"number": i}}))
        for i in range(many["secrets"]):
            rest.append(("/block_documents/", {"name": f"secret-{i}", "data": {"value": f"value {i}"}, **block}))
        for i in range(many["limits"]):
            rest.append(("/v2/concurrency_limits/", {"name": f"limit-{i}", "limit": i + 1}))
        made: list[str] = []

        async def post(path: str, body: Any) -> None:
            answer = await _until_taken(client, "POST", path, body)
            name = body["name"]
            if path == "/block_documents/":
                if answer is None:  # its first answer was lost
                    answer = await _until_taken(client, "GET", f"/block_types/slug/secret{path}name/{name}", None)
                made.append(f"{path}{answer['id']}")
            else:
                made.append(f"{path}/{name}" if "/queues" in path else f"{ROUTES.get(path, path)}{name}")

        loop = asyncio.get_running_loop()
        began = loop.time()
        await _all([post(*each) for each in pools], parallel)
        await _all([post(*each) for each in rest], parallel)
        middle = loop.time()
        users = [path for path in made if not path.startswith("/work_pools/") or "/queues/" in path]
        await _all([_until_taken(client, "DELETE", path, None) for path in users], parallel)
        await _all([_until_taken(client, "DELETE", path, None) for path in set(made) - set(users)], parallel)
        return middle - began, loop.time() - middle


async def _until_taken(client: httpx.AsyncClient, method: str, path: str, body: Any) -> Any:
    """A SQLite server answers 503 under load; its refusals are asked again."""
    while True:
        try:
            answer = await client.request(method, path, json=body)
        except httpx.TransportError:
            continue
        if answer.status_code not in {429, 500, 503}:
            break
        await asyncio.sleep(0.05)
    if answer.status_code == 409 or (method == "DELETE" and answer.status_code == 404):
        return None
    answer.raise_for_status()
    return answer.json() if answer.content else None


async def _all(calls: list[Any], parallel: int) -> None:
    slots = asyncio.Semaphore(parallel)

    async def one(call: Any) -> None:
        async with slots:
            await call

    await asyncio.gather(*(one(call) for call in calls))
