"""What of Prefect's writes reaches the server."""

from __future__ import annotations

from typing import Any

import pytest

from prefect_pulumi.deploy.run import request_rewriting


def rows(*schedules: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"id": f"id-{n}", "active": True, "parameters": {}, **each} for n, each in enumerate(schedules)]


def cron(slug: str | None = None, line: str = "0 6 * * *", **fields: Any) -> dict[str, Any]:
    return {"slug": slug, "schedule": {"cron": line, "timezone": "UTC"}, **fields}


def interval(seconds: Any = 600, **fields: Any) -> dict[str, Any]:
    anchor = fields.pop("anchor", None)
    rule = {"interval": seconds, "timezone": "UTC", **({"anchor_date": anchor} if anchor else {})}
    return {"schedule": rule, **fields}


def writes(
    declared: list[dict[str, Any]], there: list[dict[str, Any]], ui: bool = False, anchored: Any = ()
) -> list[Any]:
    return [
        (write.method, write.id, write.body)
        for write in request_rewriting.schedule_writes(declared, there, ui, anchored)
    ]


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
    added = {"enforce_parameter_schema": True, "path": None}
    assert request_rewriting.update_body(body, ui) == {"entrypoint": "a.py:b", **added}
    assert request_rewriting.update_body({**body, "schedules": [cron()]}, []) == {**body, **added}


def test_schedules_are_reconciled_by_slug() -> None:
    there = rows(cron("stays", active=False), cron("goes"), cron("same", "0 9 * * *"))
    sent = writes([cron("stays", "0 7 * * *"), cron("new"), cron("same", "0 9 * * *")], there)
    assert [(method, id) for method, id, _ in sent] == [("DELETE", "id-1"), ("PATCH", "id-0"), ("POST", "")]
    assert sent[1][2] == {**cron("stays", "0 7 * * *"), "active": True, "parameters": {}}
    assert sent[2][2] == [{**cron("new"), "active": True, "parameters": {}}]


RULES = [
    cron(line="0 6 * * *"),
    cron(line="0 6 * * *", parameters={"name": "x"}),
    cron(line="0 6 1 * 1"),
    {"schedule": {"cron": "0 6 1 * 1", "timezone": "UTC", "day_or": False}},
    {"schedule": {"cron": "0 6 * * *", "timezone": "Europe/Berlin"}},
    interval(),
    interval(900),
    {"schedule": {"rrule": "FREQ=WEEKLY;BYDAY=MO", "timezone": "UTC"}},
]


def answered(schedule: dict[str, Any]) -> dict[str, Any]:
    """As the server answers: an anchor and a start where none was given, another spelling of seconds."""
    rule = dict(schedule["schedule"])
    if "interval" in rule:
        rule |= {"interval": float(rule["interval"]), "anchor_date": "2026-01-01T00:00:00Z"}
    if "rrule" in rule:
        rule["rrule"] = f"DTSTART:20200101T000000\nRRULE:{rule['rrule']}"
    if "cron" in rule:
        rule.setdefault("day_or", True)
    return {**schedule, "schedule": rule}


@pytest.mark.parametrize("ui", [False, True])
def test_schedules_without_slugs_are_known_by_their_rules(ui: bool) -> None:
    there = rows(*map(answered, reversed(RULES)))
    assert writes(RULES, there, ui) == []
    assert [method for method, _, _ in writes(RULES[1:], there, ui)] == ["DELETE"]
    (made,) = writes(RULES, there[1:], ui)
    assert (made[0], made[2][0]["schedule"]) == ("POST", RULES[-1]["schedule"])
    there[0]["active"] = False
    sent = writes(RULES, there, ui)
    assert [(method, id) for method, id, _ in sent] == ([] if ui else [("PATCH", "id-0")])


def test_equal_schedules_are_matched_one_to_one() -> None:
    two = [cron(), cron(active=False)]
    there = rows(cron(active=False), cron())
    assert writes(two, there) == []
    assert writes(two[:1], there) == [("DELETE", "id-0", None)]
    assert [method for method, _, _ in writes([*two, cron()], there)] == ["POST"]


def test_the_only_one_without_a_slug_that_is_left_was_edited() -> None:
    (sent,) = writes([cron(line="0 7 * * *"), cron("a", "0 9 * * *")], rows(cron(), cron("a", "0 9 * * *")), ui=True)
    assert sent[:2] == ("PATCH", "id-0")
    assert "active" not in sent[2]


def test_a_slug_that_left_the_file_leaves_the_server() -> None:
    """Older versions gave one to each schedule; it is made again first, with what the UI says of it."""
    there = rows(cron("schedule-1", active=False), cron("b", "0 7 * * *"))
    body = {"schedule": cron()["schedule"], "active": False, "parameters": {}}
    assert writes([cron(), cron("b", "0 7 * * *")], there, ui=True) == [("POST", "", [body]), ("DELETE", "id-0", None)]
    # The other way round the schedule stays and gets its slug.
    ((method, id, sent),) = writes([cron("a")], rows(cron()))
    assert (method, id, sent["slug"]) == ("PATCH", "id-0", "a")


def test_a_limit_of_planned_runs_that_the_file_cannot_say_goes() -> None:
    there = rows(cron("a", max_scheduled_runs=3))
    assert [(method, id) for method, id, _ in writes([cron("a")], there)] == [("DELETE", "id-0"), ("POST", "")]


def test_the_ui_keeps_a_schedule_paused_when_it_owns_active() -> None:
    there = rows(cron("stays", active=False))
    sent = writes([cron("stays", "0 7 * * *", active=True), cron("new", active=False)], there, ui=True)
    assert "active" not in sent[0][2]
    assert sent[1][2][0]["active"] is False


def test_no_schedules_means_none() -> None:
    assert [write[:2] for write in writes([], rows(cron("a"), cron()))] == [("DELETE", "id-0"), ("DELETE", "id-1")]


def test_a_rename_happens_once() -> None:
    renamed = {**cron("new"), "replaces": "old"}
    ((method, id, sent),) = writes([renamed], rows(cron("old")))
    assert (method, id, sent["slug"]) == ("PATCH", "id-0", "new")
    assert "replaces" not in sent
    assert writes([renamed], rows(cron("new"))) == []
    # A name that another one still has is free only when that one is renamed.
    chain = [{**cron("b"), "replaces": "a"}, {**cron("c", "0 7 * * *"), "replaces": "b"}]
    sent = writes(chain, rows(cron("a"), cron("b", "0 7 * * *")))
    assert [write[:2] for write in sent] == [("DELETE", "id-0"), ("PATCH", "id-1"), ("POST", "")]
    moved = writes([{**cron("c"), "replaces": "b"}, cron("b", "0 9 * * *")], rows(cron("b"), cron(None, "0 9 * * *")))
    assert [write[:2] for write in moved] == [("DELETE", "id-1"), ("PATCH", "id-0"), ("POST", "")]


def test_an_interval_keeps_its_anchor_unless_the_file_gives_one() -> None:
    there = rows(interval(slug="s", anchor="2026-01-01T00:00:00Z"))
    declared = [interval(900, slug="s", anchor="2027-01-01T00:00:00Z")]
    ((_, _, kept),) = writes(declared, there)
    assert kept["schedule"] == {"interval": 900, "timezone": "UTC", "anchor_date": "2026-01-01T00:00:00Z"}
    ((_, _, given),) = writes(declared, there, anchored=[0])
    assert given["schedule"] == declared[0]["schedule"]


def test_runs_are_made_again_only_where_something_schedules_them() -> None:
    assert request_rewriting.runs_again({"schedules": [{"active": True}], "paused": False})
    assert not request_rewriting.runs_again({"schedules": [{"active": False}], "paused": False})
    assert not request_rewriting.runs_again({"schedules": [{"active": True}], "paused": True})
    assert not request_rewriting.runs_again({"schedules": [], "paused": False})


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


@pytest.mark.parametrize(("given", "sent"), [(None, {}), ("None", {}), ("words", {"description": "words"})])
def test_a_flow_without_a_docstring_has_no_description(given: Any, sent: dict[str, Any]) -> None:
    assert request_rewriting.create_body({"description": given}, {}) == {**sent, "labels": {}}


def test_the_mark_is_written_with_the_deployment() -> None:
    assert request_rewriting.create_body({"name": "a", "labels": {"own": 1}}, {"m": "s"})["labels"] == {
        "own": 1,
        "m": "s",
    }
    schedules = rows(cron("s", active=False))
    row = {"schedules": schedules, "name": "a", "flow_id": "f", "labels": {"prefect.flow.id": "f"}}
    assert request_rewriting.adopt_body(row, {"m": "s"}) == {
        "name": "a",
        "flow_id": "f",
        "labels": {"prefect.flow.id": "f", "m": "s"},
        "schedules": [cron("s", active=False, parameters={})],
    }


def test_an_older_server_gets_nothing_that_it_refuses() -> None:
    lacking = {"POST /deployments/": ["labels", "schedules[].replaces", "version_info"]}
    body = {"name": "a", "labels": {}, "schedules": [{"cron": "x", "replaces": None}], "version_info": {"type": "git"}}
    sent = request_rewriting.fitted("POST", "/deployments/", body, lacking)
    assert sent == {"name": "a", "schedules": [{"cron": "x"}]}
    assert request_rewriting.fitted("POST", "/flows/", body, lacking) == body
    with pytest.raises(request_rewriting.NotTaken, match=r"'labels'.*which Prefect 3\.1\.15 does"):
        request_rewriting.fitted("POST", "/deployments/", {"labels": {"m": "s"}}, lacking)
