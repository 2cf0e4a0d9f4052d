"""What of Prefect's writes reaches the server."""

from __future__ import annotations

from typing import Any

from prefect_pulumi.deploy.run import request_rewriting


def live(*schedules: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"schedules": [{"id": f"id-{n}", **each} for n, each in enumerate(schedules)], "paused": False, **fields}


def cron(slug: str | None, line: str = "0 6 * * *", **fields: Any) -> dict[str, Any]:
    return {"slug": slug, "schedule": {"cron": line, "timezone": "UTC"}, **fields}


def test_what_the_ui_owns_is_not_sent() -> None:
    body = {
        "paused": None,
        "tags": [],
        "parameters": {},
        "description": None,
        "concurrency_limit": None,
        "concurrency_options": None,
        "entrypoint": "a.py:b",
    }
    ui = ["paused", "tags", "parameters", "description", "concurrency_limit"]
    sent, gone = request_rewriting.update_body(body, live(), ui)
    assert sent == {"entrypoint": "a.py:b", "enforce_parameter_schema": True}
    assert gone == []
    assert request_rewriting.update_body(body, live(), [])[0] == {**body, "enforce_parameter_schema": True}


def test_schedules_are_reconciled_by_slug() -> None:
    row = live(cron("stays", active=False), cron("goes", active=True))
    body = {"schedules": [cron("stays", "0 7 * * *"), cron("new")]}
    sent, gone = request_rewriting.update_body(body, row, [])
    assert [(each["slug"], each["active"], each["parameters"]) for each in sent["schedules"]] == [
        ("stays", True, {}),
        ("new", True, {}),
    ]
    assert [each["slug"] for each in gone] == ["goes"]


def test_the_ui_keeps_a_schedule_paused_when_it_owns_active() -> None:
    row = live(cron("stays", active=False))
    sent, _ = request_rewriting.update_body(
        {"schedules": [cron("stays", active=True), cron("new", active=False)]}, row, ["active"]
    )
    assert "active" not in sent["schedules"][0]
    assert sent["schedules"][1]["active"] is False
    # Without slugs on the server all are made anew: the rule tells which is which.
    bare = live(cron(None, active=False), cron(None, "0 7 * * *", active=True))
    sent, gone = request_rewriting.update_body(
        {"schedules": [cron("stays"), cron("other", "0 7 * * *")]}, bare, ["active"]
    )
    assert [each["active"] for each in sent["schedules"]] == [False, True]
    assert gone == []


def test_no_schedules_means_none() -> None:
    row = live(cron("a"), cron(None))
    sent, gone = request_rewriting.update_body({"schedules": []}, row, [])
    assert "schedules" not in sent
    assert gone == row["schedules"]


def test_a_rename_happens_once() -> None:
    renamed = {**cron("new"), "replaces": "old"}
    sent, gone = request_rewriting.update_body({"schedules": [renamed]}, live(cron("old")), [])
    assert sent["schedules"][0]["replaces"] == "old"
    assert gone == []
    sent, gone = request_rewriting.update_body({"schedules": [renamed]}, live(cron("new")), [])
    assert "replaces" not in sent["schedules"][0]
    assert gone == []


def test_an_interval_keeps_its_anchor_unless_the_file_gives_one() -> None:
    rule = {"interval": 600, "anchor_date": "2026-01-01T00:00:00Z"}
    row = live({"slug": "s", "schedule": rule, "active": True})
    body = {"schedules": [{"slug": "s", "schedule": {"interval": 900, "anchor_date": "2027-01-01T00:00:00Z"}}]}
    kept, _ = request_rewriting.update_body(body, row, [])
    assert kept["schedules"][0]["schedule"] == {"interval": 900, "anchor_date": "2026-01-01T00:00:00Z"}
    given, _ = request_rewriting.update_body(body, row, [], ["s"])
    assert given["schedules"][0]["schedule"] == body["schedules"][0]["schedule"]


def test_runs_are_made_again_only_where_something_schedules_them() -> None:
    assert request_rewriting.runs_again({"schedules": [{"active": True}]}, {"paused": False})
    assert not request_rewriting.runs_again({"schedules": [{"active": False}]}, {"paused": False})
    assert not request_rewriting.runs_again({"schedules": [{"active": True}]}, {"paused": True})
    assert not request_rewriting.runs_again({}, {"paused": False})


def test_an_automation_is_the_same_whatever_the_server_filled_in() -> None:
    body = {"name": "a", "enabled": True, "trigger": {"type": "event", "expect": ["x"]}, "actions": [{"type": "run"}]}
    row = {
        **body,
        "trigger": {**body["trigger"], "id": "1", "posture": "Reactive"},
        "actions": [{"type": "run", "source": "selected"}],
        "tags": [],
    }
    assert request_rewriting.same_automation(row, body)
    assert not request_rewriting.same_automation(row, {**body, "enabled": False})
    assert not request_rewriting.same_automation(row, {**body, "trigger": {"type": "event", "expect": ["y"]}})


def test_the_mark_is_written_with_the_deployment() -> None:
    assert request_rewriting.create_body({"name": "a", "labels": {"own": 1}}, {"m": "s"})["labels"] == {
        "own": 1,
        "m": "s",
    }
    row = live(cron("s", active=False, parameters={}), name="a", flow_id="f", labels={"prefect.flow.id": "f"})
    assert request_rewriting.adopt_body(row, {"m": "s"}) == {
        "name": "a",
        "flow_id": "f",
        "labels": {"prefect.flow.id": "f", "m": "s"},
        "schedules": [cron("s", active=False, parameters={})],
    }
