"""What a deploy will do, against what the server has."""

from __future__ import annotations

from typing import Any

from prefect_pulumi.deploy.file.fields import declared_fields, live_fields
from prefect_pulumi.deploy.plan.journal import JournalEntry
from prefect_pulumi.deploy.plan.ownership import RESOURCE_LABEL, STACK_LABEL, Owner
from prefect_pulumi.deploy.plan.plan import Action, Live, assess, plan

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
    assert "f/a exists already and belongs to no stack" in refused[0]
    assert "f/b exists already and belongs to stack project/prod (flows)" in refused[1]
    adopted = assess(planned, news, {}, live, OWNER, adopt=["f/a", "f/b"])
    assert adopted.of(Action.ADOPT) == ("f/a", "f/b")
    assert assess(planned, news, {}, live, OWNER, adopt=["*"]).refused == ()
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
