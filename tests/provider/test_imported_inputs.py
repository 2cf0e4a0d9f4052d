"""An import declares all that a create without it would not make."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from prefect_pulumi.core.provider_protocol import CreateRequest, ReadRequest
from prefect_pulumi.core.values import unwrap
from prefect_pulumi.models import Deployment, DeploymentSchedule, Flow, WorkQueue
from prefect_pulumi.models.worker_types import worker_types
from prefect_pulumi.provider.handlers.base import stored_inputs
from prefect_pulumi.provider.provider import PrefectProvider
from tests.support.hosts import StrictHost

SCHEMA = {"type": "object", "properties": {"day": {"type": "string"}}}


@pytest.mark.parametrize(
    ("model", "live", "left_out"),
    [
        (WorkQueue, {"name": "q", "workPoolName": "p", "priority": 3, "paused": False}, {"paused"}),
        (
            Deployment,
            {
                **{"name": "d", "flowName": "f", "workPoolName": "p", "workQueueName": "high"},
                **{"pullSteps": [{"step": {}}], "parameterOpenapiSchema": SCHEMA, "collisionStrategy": "CANCEL_NEW"},
                **{"storageDocumentId": "s", "labels": {"team": "a"}, "enforceParameterSchema": True},
            },
            {"enforceParameterSchema"},
        ),
        (
            Deployment,
            {
                **{"name": "d", "flowName": "f", "workQueueName": "default", "pullSteps": []},
                **{"parameterOpenapiSchema": {"type": "object", "properties": {}}, "labels": {}},
            },
            {"workQueueName", "pullSteps", "parameterOpenapiSchema", "labels"},
        ),
        (Deployment, {"name": "d", "flowName": "f", "parameterOpenapiSchema": {}}, {"parameterOpenapiSchema"}),
        (DeploymentSchedule, {"deploymentId": "d", "interval": 60.0, "anchorDate": "2026-01-01T00:00:00Z"}, set()),
        (Flow, {"name": "f", "tags": [], "labels": {"team": "a"}}, {"tags"}),
    ],
)
def test_what_a_create_would_make_is_left_out(model: Any, live: dict[str, Any], left_out: set[str]) -> None:
    assert stored_inputs(model, {}, live) == {wire: live[wire] for wire in live.keys() - left_out}


@pytest.fixture
def provider(prefect_server: str, tmp_path: Path) -> Iterator[PrefectProvider]:
    provider = PrefectProvider(tmp_path, StrictHost())
    provider.configure({"apiUrl": prefect_server})
    yield provider
    provider.close()


def urn(kind: str) -> str:
    return f"urn:pulumi:dev::project::prefect:index:{kind}::thing"


def make(provider: PrefectProvider, kind: str, **inputs: Any) -> str:
    return provider.create(CreateRequest(urn(kind), inputs)).id


def imported(provider: PrefectProvider, kind: str, id: str) -> Any:
    return unwrap(provider.read(ReadRequest(urn(kind), id)).inputs)


def test_of_a_template_only_a_changed_one_is_declared(provider: PrefectProvider) -> None:
    name, own = f"import-{uuid4().hex[:8]}", worker_types()["process"]
    pool = make(provider, "WorkPool", name=name, type="process", baseJobTemplate=own)
    assert "baseJobTemplate" not in imported(provider, "WorkPool", pool)
    variables = {**own["variables"], "properties": {**own["variables"]["properties"], "name": {"default": "x"}}}
    changed = {**own, "variables": variables}
    other = make(provider, "WorkPool", name=f"{name}-changed", type="process", baseJobTemplate=changed)
    assert imported(provider, "WorkPool", other)["baseJobTemplate"] == changed


def test_blocks_refer_to_blocks_and_name_a_schema_that_is_not_the_newest(provider: PrefectProvider) -> None:
    slug = f"import-{uuid4().hex[:8]}"
    make(provider, "BlockType", name=slug, slug=slug)
    first = make(provider, "BlockSchema", blockTypeSlug=slug, fields={"title": "first", "type": "object"})
    target = make(provider, "BlockDocument", name="target", blockTypeSlug=slug, data={"a": 1})
    data = {"b": {"$ref": {"block_document_id": target}}}
    user = make(provider, "BlockDocument", name="user", blockTypeSlug=slug, data=data)
    assert imported(provider, "BlockDocument", f"{slug}/user") == {"name": "user", "blockTypeSlug": slug, "data": data}
    make(provider, "BlockSchema", blockTypeSlug=slug, fields={"title": "second", "type": "object"})
    fresh = PrefectProvider(Path(), StrictHost())
    fresh.configure({"apiUrl": provider.connection.api_url})
    assert imported(fresh, "BlockDocument", user)["blockSchemaId"] == first
    fresh.close()


def test_the_default_queue_is_changed_where_a_program_declares_it(provider: PrefectProvider) -> None:
    name = f"import-{uuid4().hex[:8]}"
    make(provider, "WorkPool", name=name, type="process")
    before = provider.read(ReadRequest(urn("WorkQueue"), f"{name}/default"))
    assert make(provider, "WorkQueue", name="default", workPoolName=name, priority=4, paused=True) == before.id
    after = imported(provider, "WorkQueue", before.id)
    assert after == {"name": "default", "workPoolName": name, "priority": 4, "paused": True}
