"""One shape for what the file declares and what the server has."""

from __future__ import annotations

from datetime import date
from typing import Any

from prefect_pulumi.core.values import Secret
from prefect_pulumi.deploy.file.fields import changes, declared_fields, differences, dotted, live_fields

ENTRY: dict[str, Any] = {
    "name": "daily",
    "entrypoint": "f.py:f",
    "tags": "one",
    "concurrency_limit": {"limit": 2, "collision_strategy": "CANCEL_NEW"},
    "work_pool": {"name": "p", "job_variables": {"image": "{{ build.image }}", "cpus": 2}},
    "schedules": [
        {"slug": "c", "cron": "0 6 * * *"},
        {"slug": "i", "interval": 600, "anchor_date": date(2026, 1, 1), "active": False},
    ],
    "triggers": [{"type": "event", "enabled": False}],
}
ROW: dict[str, Any] = {
    "description": "from the docstring",
    "paused": False,
    "parameters": {},
    "tags": ["one"],
    "enforce_parameter_schema": True,
    "entrypoint": "f.py:f",
    "version": "abc",
    "work_pool_name": "p",
    "work_queue_name": "default",
    "job_variables": {"image": "x:1", "cpus": 2},
    "global_concurrency_limit": {"limit": 2},
    "concurrency_options": {"collision_strategy": "CANCEL_NEW"},
    "path": None,
    "pull_steps": None,
    "schedules": [
        {
            "id": "1",
            "slug": "c",
            "active": True,
            "parameters": {},
            "schedule": {"cron": "0 6 * * *", "timezone": None, "day_or": True},
        },
        {
            "id": "2",
            "slug": "i",
            "active": False,
            "parameters": {},
            "schedule": {"interval": 600.0, "timezone": "UTC", "anchor_date": "2026-01-01T00:00:00Z"},
        },
    ],
}
AUTOMATIONS = {"daily__automation_1": {"enabled": False, "trigger": {"type": "event", "id": "9"}, "actions": []}}


def test_what_was_deployed_as_declared_shows_no_change() -> None:
    live = live_fields(ROW, (), AUTOMATIONS) | {"triggers": ENTRY["triggers"]}
    assert changes(live, declared_fields(ENTRY, None, ())) == {}
    assert live["automations"]["daily__automation_1"]["trigger"] == {"type": "event"}


def test_each_changed_field_has_a_path() -> None:
    live = live_fields(ROW, (), AUTOMATIONS)
    entry = {**ENTRY, "tags": ["two"], "schedules": [{"slug": "c", "cron": "0 7 * * *"}], "triggers": []}
    entry["work_pool"] = {"name": "q", "job_variables": {"cpus": 3, "memory": 1}}
    found = {dotted(path): change for path, change in changes(live, declared_fields(entry, None, ())).items()}
    assert set(found) == {
        *("tags", "work_pool_name", "job_variables.cpus", "job_variables.memory", "job_variables.image"),
        *("schedules.c.cron", "schedules.i", "automations.daily__automation_1"),
    }
    assert found["schedules.c.cron"] == ("0 6 * * *", "0 7 * * *")


def test_what_the_ui_owns_is_in_neither() -> None:
    ui = ("active", "paused", "parameters", "description", "tags", "concurrency_limit")
    live, declared = live_fields(ROW, ui), declared_fields(ENTRY, None, ui)
    for each in (live, declared):
        assert not {"paused", "parameters", "description", "tags", "concurrency_limit", "collision_strategy"} & set(
            each
        )
        assert all("active" not in schedule for schedule in each["schedules"].values())
    assert declared["ui_owns"] == list(ui)


def test_pull_steps_keep_their_templates_but_not_those_of_build_steps() -> None:
    git = "prefect.deployments.steps.git_clone"
    own = [{git: {"repository": "r", "access_token": "{{ prefect.blocks.secret.x }}"}}]
    assert declared_fields(ENTRY, own, ())["pull_steps"] == own
    assert declared_fields(ENTRY, own[0], ())["pull_steps"] == own
    assert "pull_steps" not in declared_fields(ENTRY, [{git: {"repository": "{{ build.url }}"}}], ())


def test_secret_marks_do_not_count() -> None:
    assert differences({"a": Secret("x")}, {"a": "x"}) == {}
    assert list(differences({"a": Secret("x")}, {"a": "y"})) == [("a",)]
