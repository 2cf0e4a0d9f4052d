"""The server's events say when an object was changed last, and that it was deleted."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from prefect_pulumi.api.blocking import BlockingClient
from prefect_pulumi.api.lifecycle_events import LastChange, last_changes
from tests.support.wait import until


@pytest.mark.e2e
def test_a_real_server_says_what_was_done_last(prefect_server: str) -> None:
    client = BlockingClient(prefect_server)
    try:
        rows = [
            client.request("POST", "/variables/", json={"name": f"v_{uuid4().hex[:8]}", "value": 1}) for _ in range(2)
        ]
        edited, gone = (str(row["id"]) for row in rows)
        client.request("PATCH", f"/variables/{edited}", json={"value": 2})
        client.request("DELETE", f"/variables/{gone}")
        wanted = [("Variable", edited), ("Variable", gone), ("Variable", str(uuid4())), ("ProcessWorker", "x")]

        def changes() -> dict[str, LastChange] | None:
            found = last_changes(client, wanted)
            actions = {id: change.action for id, change in found.items()}
            return found if actions == {edited: "updated", gone: "deleted"} else None

        found = until(changes, 60)
        assert found is not None
        assert all(change.time.startswith("20") and change.actor == "" for change in found.values())
    finally:
        client.close()


class Answers:
    """A client that gives what Cloud gives: events with an actor."""

    def __init__(self, *events: dict[str, Any]) -> None:
        self.events, self.bodies = events, []  # type: tuple[dict[str, Any], ...], list[Any]

    def request(self, method: str, path: str, *, json: Any = None, **more: Any) -> Any:
        self.bodies.append((method, path, json))
        return {"events": list(self.events)}


def event(name: str, id: str, *related: dict[str, str]) -> dict[str, Any]:
    resource = {"prefect.resource.id": f"prefect.{id}"}
    return {"event": name, "resource": resource, "related": list(related), "occurred": "2026-11-24T22:15:00Z"}


ACTOR = {
    "prefect.resource.role": "actor",
    "prefect.resource.name": "ana",
    "prefect.resource.id": "prefect-cloud.user.1",
}


def test_the_newest_event_counts_and_cloud_names_the_actor() -> None:
    client: Any = Answers(
        event("prefect.work-pool.updated", "work-pool.p", {"prefect.resource.role": "flow"}, ACTOR),
        event("prefect.work-pool.created", "work-pool.p"),
        event("prefect.block-document.deleted", "block-document.b"),
        event("prefect.work-pool.not-ready", "work-pool.q"),
        event("prefect.work-pool.updated", "work-pool.stranger"),
    )
    assert last_changes(client, [("WorkPool", "p"), ("SecretBlock", "b"), ("WorkPool", "q")]) == {
        "p": LastChange("updated", "2026-11-24T22:15:00Z", "ana"),
        "b": LastChange("deleted", "2026-11-24T22:15:00Z"),
    }
    ((method, path, body),) = client.bodies
    assert (method, path) == ("POST", "/events/filter")
    assert "prefect.block-document.deleted" in body["filter"]["event"]["name"]
    assert last_changes(client, [("WorkerOnline", "x"), ("Variable", "")]) == {}
    assert len(client.bodies) == 1


def test_audit_events_of_cloud_name_who_changed_an_automation() -> None:
    audit = event("prefect-cloud.automation.updated", "automation.a", ACTOR)
    audit["resource"]["prefect.resource.id"] = "prefect-cloud.automation.a"
    client: Any = Answers(audit, event("prefect.automation.created", "automation.a"))
    assert last_changes(client, [("Automation", "a")]) == {"a": LastChange("updated", "2026-11-24T22:15:00Z", "ana")}
    ((_, _, body),) = client.bodies
    assert body["filter"]["resource"]["id"] == ["prefect.automation.a", "prefect-cloud.automation.a"]
    assert "prefect-cloud.automation.updated" in body["filter"]["event"]["name"]
