"""What a deploy will do, against what the server has."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from prefect_pulumi.deploy.file.fields import declared_fields, live_fields
from prefect_pulumi.deploy.file.schedules import declared_schedule
from prefect_pulumi.deploy.plan.fingerprint import reasons
from prefect_pulumi.deploy.plan.journal import JournalEntry
from prefect_pulumi.deploy.plan.ownership import RESOURCE_LABEL, STACK_LABEL, Owner, unowned
from prefect_pulumi.deploy.plan.plan import Action, Live, assess, plan
from prefect_pulumi.deploy.plan.run_rate import runs_per_day

OWNER = Owner.of_urn("urn:pulumi:dev::project::prefect:index:Deployments::flows")
ENTRY: dict[str, Any] = {"name": "a", "entrypoint": "f.py:f", "work_pool": {"name": "p"}}


def row(id: str, mark: Owner | None = OWNER, **fields: Any) -> dict[str, Any]:
    return {
        "id": id,
        "labels": mark.labels if mark else {},
        "entrypoint": "f.py:f",
        "work_pool_name": "p",
        "work_queue_name": "default",
        "paused": False,
        "tags": [],
        "parameters": {},
        "enforce_parameter_schema": True,
        "schedules": [],
        **fields,
    }


def server(**rows: dict[str, Any]) -> Live:
    named = {name.replace("_", "/"): each for name, each in rows.items()}
    return Live(named, {name: live_fields(each, ()) for name, each in named.items()}, dict.fromkeys(named, 3))


def declared(*names: str, **fields: Any) -> dict[str, Any]:
    return {name: declared_fields({**ENTRY, **fields}, None, ()) for name in names}


def test_plan_from_fingerprints() -> None:
    planned = plan({"f/a": "1", "f/b": "2", "f/c": "3"}, {"f/a": "1", "f/b": "9", "f/d": "4"}, stale={"f/a"})
    assert (planned.create, planned.update, planned.prune, planned.skip) == (("f/d",), ("f/a", "f/b"), ("f/c",), ())
    # Deployed, but not as the fingerprint says: a failed deploy leaves it without one.
    assert plan({}, {"f/a": "1"}, alive={"f/a"}).update == ("f/a",)


def test_labels_are_the_mark() -> None:
    assert OWNER.labels == {STACK_LABEL: "project/dev", RESOURCE_LABEL: "flows"}
    assert OWNER.owns(row("1"))
    renamed = Owner(OWNER.stack, "before")
    assert not OWNER.owns(row("1", renamed))
    assert OWNER.owns(row("1", renamed), "1")
    assert not OWNER.owns(row("1", Owner("project/prod", "flows")), "1")
    assert not OWNER.owns(row("1", None), "1")


def test_update_says_what_changes_and_what_it_costs() -> None:
    schedule = {"id": "s", "slug": "daily", "active": False, "schedule": {"cron": "0 6 * * *"}}
    live = server(f_a=row("1", tags=["x"], schedules=[schedule]))
    schedules = [{"slug": "daily", "cron": "0 7 * * *"}]
    news = declared("f/a", tags=["y"], schedules=schedules, triggers=[{"name": "t"}])
    found = assess(plan({"f/a": "1"}, {"f/a": "2"}), news, {"f/a": "1"}, live, OWNER)
    assert found.refused == ()
    shown = found.deployments["f/a"].as_json()
    assert shown["action"] == "update"
    assert shown["changes"]["tags"] == {"old": ["x"], "new": ["y"]}
    assert shown["changes"]["schedules.daily.cron"] == {"old": "0 6 * * *", "new": "0 7 * * *"}
    assert shown["changes"]["schedules.daily.active"] == {"old": False, "new": True}
    assert shown["activates"] == ["daily"]
    assert shown["scheduledRunsLost"] == 3
    assert shown["automations"] == {"t": "made"}
    assert found.everything


def test_a_deployment_of_somebody_else_is_refused_or_adopted() -> None:
    live, news = server(f_a=row("1", None), f_b=row("2", Owner("project/prod", "flows"))), declared("f/a", "f/b")
    planned = plan({}, {"f/a": "1", "f/b": "1"})
    refused = assess(planned, news, {}, live, OWNER).refused
    assert len(refused) == 2
    assert "f/a exists already and belongs to no stack; list it in `adopt`, or give --adopt, to take it" in refused[0]
    assert "f/b exists already and belongs to stack project/prod (flows)" in refused[1]
    adopted = assess(planned, news, {}, live, OWNER, adopt=["f/a", "f/b"])
    assert adopted.of(Action.ADOPT) == ("f/a", "f/b")
    assert assess(planned, news, {}, live, OWNER, adopt=["*"]).refused == ()
    assert unowned(live.rows) == ["f/a"]  # what --adopt takes over
    # One of ours that the state does not know is simply ours.
    own = assess(plan({}, {"f/a": "1"}), declared("f/a"), {}, server(f_a=row("1")), OWNER)
    assert own.of(Action.UPDATE) == ("f/a",)
    assert own.refused == ()


def test_only_what_carries_the_mark_is_pruned() -> None:
    live = server(
        f_a=row("1"),
        f_lost=row("2"),
        f_taken=row("3", None),
        f_stray=row("4", None),
        f_prod=row("5", Owner("project/prod", "flows")),
        f_beside=row("6", None),
    )
    recorded = {"f/a": "1", "f/taken": "3", "f/gone": "9"}
    planned = plan(dict.fromkeys(recorded, "1"), {"f/a": "1"})
    found = assess(planned, declared("f/a"), recorded, live, OWNER, claimed=["f/beside"])
    assert found.of(Action.PRUNE) == ("f/lost",)
    assert found.of(Action.LEAVE) == ("f/stray", "f/taken")
    assert found.of(Action.SKIP) == ("f/a",)
    assert not found.everything


def test_what_an_interrupted_update_noted_is_only_recorded() -> None:
    live, news = server(f_a=row("1"), f_b=row("2"), f_c=row("3", tags=["ui"])), declared("f/a", "f/b", "f/c")
    prints = dict.fromkeys(news, "new")
    found = assess(plan({}, prints), news, {}, live, OWNER)
    noted = {
        "f/a": JournalEntry("f/a", "1", "new", {}),
        "f/b": JournalEntry("f/b", "2", "older", {}),
        "f/c": JournalEntry("f/c", "3", "new", {}),  # edited since
    }
    recovered = found.recovering(noted, {}, prints)
    assert recovered.of(Action.RECOVER) == ("f/a",)
    assert recovered.deploys == ("f/b", "f/c")
    assert not recovered.everything
    # Of one that the state knows to be deployed so, a note says nothing: it was changed outside.
    assert found.recovering(noted, {"f/a": "new"}, prints).of(Action.RECOVER) == ()


HOURLY = {"cron": "0 * * * *"}


def rewritten(before: list[dict[str, Any]], after: list[dict[str, Any]], ui: Any = (), **fields: Any) -> dict[str, Any]:
    """The plan of a deployment with three scheduled runs. `fields`: those of the live one."""
    schedules = [{"id": str(n), "slug": each.pop("slug", None), **each} for n, each in enumerate(before)]
    entry = {"f/a": declared_fields({**ENTRY, "schedules": after}, None, ui)}
    live_row = row("1", schedules=schedules, **fields)
    live = Live({"f/a": live_row}, {"f/a": live_fields(live_row, ui, None, entry["f/a"]["schedules"])}, {"f/a": 3})
    return assess(plan({"f/a": "1"}, {"f/a": "2"}), entry, {"f/a": "1"}, live, OWNER).deployments["f/a"].as_json()


@pytest.mark.parametrize(
    ("before", "after", "live", "recreated", "per_day", "activates"),
    [
        # Unchanged, changed, gone.
        ([{"schedule": HOURLY}], [HOURLY], {}, "all", None, []),
        ([{"schedule": HOURLY}], [{"cron": "*/5 * * * *"}], {}, "all", (24, 288), []),
        ([{"schedule": HOURLY}], [], {}, "none", (24, 0), []),
        (
            [{"schedule": HOURLY, "slug": "a"}, {"schedule": HOURLY, "slug": "b"}],
            [{**HOURLY, "slug": "b"}],
            {},
            "some",
            (48, 24),
            [],
        ),
        # A schedule without a rule that is known here says nothing.
        ([{"schedule": HOURLY}], [{"interval": "{{ build.every }}"}], {}, "all", None, []),
        # Paused and not.
        ([{"schedule": HOURLY, "active": False}], [HOURLY], {}, "all", (0, 24), ["0 * * * *"]),
        ([{"schedule": HOURLY}], [{**HOURLY, "active": False}], {}, "none", (24, 0), []),
        ([{"schedule": HOURLY}], [HOURLY], {"paused": True}, "all", (0, 24), ["0 * * * *"]),
        ([], [HOURLY], {}, "all", (0, 24), []),
    ],
)
def test_impact_of_schedules(
    before: Any, after: Any, live: Any, recreated: str, per_day: tuple[float, float] | None, activates: list[str]
) -> None:
    shown = rewritten(copy.deepcopy(before), after, **live)
    assert shown["scheduledRunsLost"] == 3
    assert shown["recreated"] == recreated
    assert shown.get("runsPerDay") == (None if per_day is None else dict(zip(("old", "new"), per_day, strict=True)))
    assert shown.get("activates", []) == activates


def test_what_the_ui_paused_stays_so_in_the_plan() -> None:
    shown = rewritten([{"schedule": HOURLY, "active": False}], [HOURLY], ui=("active",))
    assert not {"activates", "runsPerDay"} & shown.keys()
    assert shown["recreated"] == "none"


@pytest.mark.parametrize(
    ("schedule", "rate"),
    [
        ({"cron": "0 6 * * *"}, 1),
        ({"cron": "*/10 9-17 * * 1-5"}, 38.6),
        ({"interval": 900}, 96),
        ({"rrule": "DTSTART:20200101T000000\nRRULE:FREQ=MINUTELY;INTERVAL=10"}, 144),
        ({"rrule": "FREQ=WEEKLY;BYDAY=MO,TU"}, 0.285),
        ({"rrule": "FREQ=DAILY;UNTIL=20250101T000000Z"}, 0),
        ({"cron": "0 6 * * *", "active": False}, 0),
    ],
)
def test_runs_per_day(schedule: dict[str, Any], rate: float) -> None:
    assert runs_per_day([declared_schedule(schedule)]) == pytest.approx(rate, rel=0.02)


def test_why_it_is_deployed_again() -> None:
    old = {"its entry": "1", "Prefect": "3.8.7", "the code of f.py": "1", "the variable A": "1"}
    new = {"its entry": "2", "Prefect": "3.8.8", "the code of f.py": "1", "the code of lib.py": "1"}
    causes = reasons(old, new)
    assert causes == ["its entry", "Prefect 3.8.7 -> 3.8.8", "the code of lib.py", "the variable A"]
    live = server(f_a=row("1"))
    for fields, why in (
        ({}, "because of its entry, Prefect 3.8.7 -> 3.8.8, the code of lib.py, the variable A"),
        ({"tags": ["new"]}, "because of Prefect 3.8.7 -> 3.8.8, the code of lib.py, the variable A"),
    ):
        planned = plan({"f/a": "1"}, {"f/a": "2"})
        found = assess(planned, declared("f/a", **fields), {"f/a": "1"}, live, OWNER, causes={"f/a": causes})
        assert found.deployments["f/a"].why == why
    # The state of an older version has no parts: never an empty update.
    found = assess(plan({"f/a": "1"}, {"f/a": "2"}), declared("f/a"), {"f/a": "1"}, live, OWNER)
    assert "its code or environment" in found.deployments["f/a"].why


def test_a_plan_that_is_limited_leaves_all_else() -> None:
    old, new = {"f/a": "1", "f/b": "1", "f/gone": "1"}, {"f/a": "2", "f/b": "2", "f/new": "1"}
    limited = plan(old, new).limited_to({"f/b"})
    assert (limited.create, limited.update, limited.prune, limited.skip) == ((), ("f/b",), (), ("f/a",))
    live = server(f_a=row("1"), f_b=row("2"), f_gone=row("3"))
    ids = {"f/a": "1", "f/b": "2", "f/gone": "3"}
    found = assess(limited, declared("f/a", "f/b", "f/new"), ids, live, OWNER, only={"f/b"})
    assert {name: str(each.action) for name, each in found.deployments.items()} == {"f/a": "skip", "f/b": "update"}
    assert plan(old, new).limited_to({"f/gone"}).prune == ("f/gone",)
