"""Versions of deployments on Prefect Cloud: sent, read back, promoted; and deployments that are turned off."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest

from prefect_pulumi.api.blocking import BlockingClient
from prefect_pulumi.api.deployment_versions import of_commit, versions
from prefect_pulumi.app.release.cloud_versions import DEPLOYMENTS, promote_versions
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.provider_protocol import CheckRequest, CreateRequest, DeleteRequest, ReadRequest, UpdateRequest
from prefect_pulumi.models.release_record import ReleasePin
from prefect_pulumi.provider.provider import PrefectProvider
from tests.provider.lifecycle import urn
from tests.support.cloud.proxy import CloudProxy
from tests.support.hosts import SilentHost

pytestmark = pytest.mark.self_hosted  # it puts the proxy there itself
OLD, NEW = "a" * 40, "b" * 40


def info(commit: str, **more: Any) -> dict[str, Any]:
    return {"type": "vcs:git", "version": commit[:8], "commit_sha": commit, **more}


@pytest.mark.parametrize(
    ("rows", "chosen"),
    [
        ([], None),
        ([("1", OLD, "2026-01-01"), ("2", NEW, "2026-01-02"), ("3", OLD, "2026-01-03")], "3"),
        ([("1", NEW, "2026-01-01")], None),
    ],
)
def test_the_newest_version_of_a_commit(rows: list[tuple[str, str, str]], chosen: str | None) -> None:
    listed = [{"id": id, "created": day, "version_info": info(commit)} for id, commit, day in rows]
    listed.append({"id": "dirty", "created": "2026-02-01", "version_info": info(OLD, uncommitted=True)})
    listed.append({"id": "simple", "created": "2026-02-01", "version_info": {"type": "prefect:simple", "version": ""}})
    found = of_commit(listed, OLD)
    assert (found["id"] if found else None) == chosen


def test_a_deployments_version_is_sent_and_read_back(judged: CloudProxy, provider: PrefectProvider) -> None:
    own = urn("Deployment")
    inputs: dict[str, Any] = {"name": f"version-{uuid4().hex[:8]}", "flowName": "lifecycle", "versionInfo": info(OLD)}
    created = provider.create(CreateRequest(own, inputs))
    assert created.outputs["versionInfo"] == info(OLD)
    changed = {**inputs, "versionInfo": info(NEW), "entrypoint": "new.py:f", "disabled": True}
    request = UpdateRequest(own, created.id, old_inputs=inputs, old_outputs=created.outputs, new_inputs=changed)
    outputs = provider.update(request)
    assert (outputs["versionInfo"], outputs["disabled"]) == (info(NEW), True)
    assert outputs["versionId"] != created.outputs["versionId"]
    assert provider.read(ReadRequest(own, created.id, changed, outputs)).outputs == outputs
    enabled = {**changed, "disabled": False}
    request = UpdateRequest(own, created.id, old_inputs=changed, old_outputs=outputs, new_inputs=enabled)
    assert provider.update(request)["disabled"] is False
    provider.delete(DeleteRequest(own, created.id, enabled, outputs))


def test_a_rollback_promotes_the_versions_of_its_commit(judged: CloudProxy) -> None:
    client = BlockingClient(judged.url)
    try:
        flow = client.request("POST", "/flows/", json={"name": f"rollback-{uuid4().hex[:8]}"})
        ids = {}
        for name, commits in {"both": (OLD, NEW), "new": (NEW,)}.items():
            for commit in commits:
                body = {"name": name, "flow_id": flow["id"], "entrypoint": commit, "version_info": info(commit)}
                ids[name] = client.request("POST", "/deployments/", json=body)["id"]
        entry = SimpleNamespace(type=DEPLOYMENTS, delete=False, outputs={"deployments": ids})
        view = SimpleNamespace(
            entries=[entry], connection=SimpleNamespace(cloud=True), client=lambda: BlockingClient(judged.url)
        )
        line = promote_versions(cast(StackView, view), ReleasePin(id="prod-1", commit=OLD, stage="prod"))
        assert (
            line
            == f"Prefect Cloud runs 1 of 2 deployments in their version of {OLD[:12]} again; the update does the rest"
        )
        rows = {name: client.request("GET", f"/deployments/{id}") for name, id in ids.items()}
        assert {name: row["entrypoint"] for name, row in rows.items()} == {"both": OLD, "new": NEW}
        assert rows["both"]["version_info"]["commit_sha"] == OLD
        assert len(versions(client, ids["both"])) == 2
        view.connection.cloud = False
        assert promote_versions(cast(StackView, view), ReleasePin(id="prod-1", commit=OLD, stage="prod")) == ""
    finally:
        client.close()


@pytest.mark.parametrize("inputs", [{"disabled": True}, {"versionInfo": info(OLD)}])
def test_a_server_of_ones_own_has_none(inputs: dict[str, Any], tmp_path: Any) -> None:
    provider = PrefectProvider(tmp_path, SilentHost())
    provider.configure({"apiUrl": "http://127.0.0.1:1/api"})
    (failure,) = provider.check(
        CheckRequest(urn("Deployment"), new_inputs={"name": "a", "flowName": "f", **inputs})
    ).failures
    assert "exists on Prefect Cloud only" in failure.reason
    provider.close()
