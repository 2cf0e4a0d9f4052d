"""What a write of a deployment does to its runs, as the plan tells it beforehand; on a real server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from prefect_pulumi.api.blocking import BlockingClient
from prefect_pulumi.deploy.plan.live import count_runs


def test_runs_lost_are_those_that_the_write_deletes_and_late_ones_stay(prefect_server: str) -> None:
    client = BlockingClient(prefect_server)
    flow = client.request("POST", "/flows/", json={"name": f"late-{uuid4().hex[:8]}"}, idempotent=True)
    schedule = {"slug": "s", "schedule": {"interval": 3600.0, "anchor_date": "2024-01-01T00:30:00Z"}, "active": True}
    body = {"name": "late", "flow_id": flow["id"], "schedules": [schedule]}
    id = client.request("POST", "/deployments/", json=body, idempotent=True)["id"]
    start = (datetime.now(UTC) - timedelta(hours=3)).isoformat()
    window = {"start_time": start, "min_runs": 10, "max_runs": 10}
    client.request("POST", f"/deployments/{id}/schedule", json=window, idempotent=True)
    runs = {"state": {"type": {"any_": ["SCHEDULED"]}}}
    filters = {"deployments": {"id": {"any_": [id]}}, "flow_runs": runs}
    before = client.paged("/flow_runs/filter", filters)
    now = datetime.now(UTC)
    late = {row["id"] for row in before if datetime.fromisoformat(row["expected_start_time"]) < now}
    assert len(late) >= 2
    lost = count_runs(client, {"late": id})
    assert lost == {"late": len(before) - len(late)}
    assert lost["late"] >= 5
    client.request("PATCH", f"/deployments/{id}", json={"paused": True})
    # The server's scheduler may be at work on it just then, and make new ones.
    left = {row["id"] for row in client.paged("/flow_runs/filter", filters)}
    assert left & {row["id"] for row in before} == late
    client.request("DELETE", f"/deployments/{id}")
    client.close()
