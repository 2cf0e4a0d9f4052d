"""Asks a Prefect server for what a `prefect.yaml` refers to: a few list calls, none for what is declared."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from prefect_pulumi.api.protocol import ApiClient
from prefect_pulumi.deploy.checks.context import Block, Pool, References
from prefect_pulumi.models.worker_types import variables_of

Json = dict[str, Any]


@dataclass
class LookupResult:
    """What the server has of the asked; and of the kinds of which something was missing, all there is."""

    pools: dict[str, Pool] = field(default_factory=dict)
    queues: set[tuple[str, str]] = field(default_factory=set)
    blocks: dict[tuple[str, str], Block] = field(default_factory=dict)
    block_ids: dict[str, Block] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)


def look_up(client: ApiClient, wanted: References) -> LookupResult:
    """Raises `ServerUnavailableError`, `ApiError` as the client does."""
    result = LookupResult()
    for row in _named(client, "/work_pools/filter", "work_pools", wanted.pools):
        result.pools[row["name"]] = Pool(row["type"], variables_of(row["type"], row.get("base_job_template")))
    if wanted.queues:
        names = sorted({queue for _, queue in wanted.queues})
        rows = client.paged("/work_queues/filter", {"work_queues": {"name": {"any_": names}}})
        result.queues = {
            (str((row.get("work_pool") or {}).get("name") or row.get("work_pool_name")), row["name"]) for row in rows
        }
    for row in _blocks(client, wanted.blocks):
        result.blocks[(row["block_type"]["slug"], row["name"])] = _block(row)
    if wanted.block_ids:
        rows = client.paged("/block_documents/filter", {"block_documents": {"id": {"any_": sorted(wanted.block_ids)}}})
        result.block_ids = {row["id"]: _block(row) for row in rows}
    for row in _named(client, "/variables/filter", "variables", wanted.variables):
        result.variables[row["name"]] = row["value"]
    return result


def _named(client: ApiClient, route: str, key: str, names: Collection[str]) -> list[Json]:
    if not names:
        return []
    rows = client.paged(route, {key: {"name": {"any_": sorted(names)}}})
    return rows if {row["name"] for row in rows} >= set(names) else client.paged(route)


def _blocks(client: ApiClient, wanted: Collection[tuple[str, str]]) -> list[Json]:
    if not wanted:
        return []
    types = {"slug": {"any_": sorted({slug for slug, _ in wanted})}}
    names = {"name": {"any_": sorted({name for _, name in wanted})}}
    rows = client.paged("/block_documents/filter", {"block_documents": names, "block_types": types})
    if {(row["block_type"]["slug"], row["name"]) for row in rows} >= set(wanted):
        return rows
    return client.paged("/block_documents/filter", {"block_types": types})


def _block(row: Mapping[str, Any]) -> Block:
    fields = (row.get("block_schema") or {}).get("fields") or {}
    return Block(frozenset(fields.get("secret_fields") or ()), frozenset(fields.get("properties") or ()))
