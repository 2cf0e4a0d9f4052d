"""One report with everything in it, names of strangers' making included."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from prefect_pulumi.review.impacts import impacts_of
from prefect_pulumi.review.model import (
    ANY,
    NO_VALUE,
    SECRET,
    UNKNOWN,
    Acceptance,
    Action,
    Class,
    Coverage,
    DisplayValue,
    Environment,
    Facts,
    FieldChange,
    Flag,
    Impact,
    Item,
    Node,
    Problem,
    Report,
    Topology,
    Verdict,
)
from prefect_pulumi.review.remedies import with_diff, with_remedies

SCRIPT = "<script>alert('pwned')</script>"
TABLE = "| a | b |\n|---|---|\n| 1 | 2 |"
HOSTILE = (
    SCRIPT,
    TABLE,
    "`code` and ```fence```",
    "@everyone and @team/owners",
    "[click](https://evil.example) https://evil.example www.evil.example a@evil.example",
    "</details></td></table><img src=x onerror=alert(1)>",
    "# heading\n\n---\n\n- list #1 !1 GH-1",
    "\u202eright to left\u202c \x1b[31mred\x1b[0m",
    "&lt;b&gt; $math$ *em* __strong__ ~~gone~~ :tada: {+ new +}",
    "-->\n<!-- prefect-pulumi-review: p-prod -->",
)
STAMP = Facts("2026-11-01T10:00:00Z", "ana", "2026-11-24T22:15:00Z", "bob", "READY")


def v(value: object) -> DisplayValue:
    return DisplayValue("value", value)


def urn(kind: str, name: str) -> str:
    return f"urn:pulumi:dev::p::prefect:index:{kind}::{name}"


def items() -> list[Item]:
    conflict = FieldChange("concurrencyLimit", Class.CONFLICT, v(5), v(3), v(9))
    live = FieldChange("paused", Class.CHANGED_LIVE, v(False), v(False), v(True))
    found = [
        Item(urn("WorkPool", "etl"), "WorkPool", "etl", Class.CONFLICT, Action.UPDATE, "1", (conflict, live), STAMP),
        Item(
            urn("Deployment", "daily"),
            "Deployment",
            "orders/daily",
            Class.MISSING_LIVE,
            id="2",
            impacts=(Impact(Flag.RUNS_LOST, "the runs that it had scheduled are gone"),),
        ),
        Item(
            urn("SecretBlock", "token"),
            "SecretBlock",
            "token",
            Class.CHANGED_LIVE,
            id="3",
            fields=(FieldChange("value", Class.CHANGED_LIVE, SECRET, SECRET, SECRET),),
            facts=STAMP,
            impacts=(Impact(Flag.SECRET_CHANGED, "the value of value differs; it is not shown"),),
        ),
        Item(
            urn("Variable", "region"),
            "Variable",
            "region",
            Class.CHANGED_LIVE,
            id="4",
            fields=(FieldChange('value["a b"].c[0]', Class.CHANGED_LIVE, ANY, v({"x": [1, None]}), NO_VALUE),),
            accepted=Acceptance("ana", "until the move is over", "2026-12-31"),
        ),
        Item(
            urn("Variable", "old"),
            "Variable",
            "old",
            Class.CHANGED_LIVE,
            id="5",
            fields=(FieldChange("value", Class.CHANGED_LIVE, v("a"), v("a"), v("b")),),
            accepted=Acceptance("bob", "for a week", "2026-01-31", expired=True),
        ),
        Item(
            urn("WorkQueue", "fast"),
            "WorkQueue",
            "etl/fast",
            Class.THIS_CHANGE,
            Action.REPLACE,
            "6",
            (FieldChange("workPoolName", Class.THIS_CHANGE, UNKNOWN, v("etl"), v("etl"), replaces=True),),
            impacts=(Impact(Flag.REPLACE, "the object is deleted and recreated with a new id"),),
        ),
        Item(urn("Variable", "new"), "Variable", "new", Class.THIS_CHANGE, Action.CREATE),
        Item(urn("JsonBlock", "waits"), "JsonBlock", "waits", Class.THIS_CHANGE, Action.DELETE, "7", pending=True),
    ]
    found += [
        Item(
            f"live:WorkPool:{index}",
            "WorkPool",
            name,
            Class.UNMANAGED_LIVE,
            id=f"u{index}",
            facts=Facts("2026-11-01T10:00:00Z", name, "2026-11-02T10:00:00Z", name),
            note=name,
        )
        for index, name in enumerate(HOSTILE)
    ]
    found += [
        Item(
            urn("Variable", f"hostile{index}"),
            "Variable",
            f"hostile{index}",
            Class.CHANGED_LIVE,
            id=f"h{index}",
            fields=(FieldChange(f'value["{text}"]', Class.CHANGED_LIVE, v("plain"), v("plain"), v(text)),),
        )
        for index, text in enumerate(HOSTILE)
    ]
    made = with_remedies(found, "dev")
    patch = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old\n+" + "\n+".join(HOSTILE) + "\n"
    return [with_diff(made[0], patch), *made[1:]]


def topology() -> Topology:
    nodes = [
        Node("pool:etl", "pool", "etl", "process, limit 9, paused", "conflict", urn("WorkPool", "etl"), "etl"),
        Node("queue:etl/fast", "queue", "etl/fast", "priority 2", "this change", urn("WorkQueue", "fast"), "etl"),
        Node("queue:etl/default", "queue", "etl/default", "priority 1", pool="etl"),
        Node(
            "deployment:orders/daily",
            "deployment",
            "orders/daily",
            "",
            "missing live",
            urn("Deployment", "daily"),
            "etl",
        ),
        Node("schedule:orders/daily/nightly", "schedule", "orders/daily/nightly", "0 6 * * *", pool="etl"),
        Node("worker:etl-1", "worker", "etl-1", "etl-1", pool="etl"),
        Node("limit:db", "limit", "db", "2 slots"),
        Node("pool:evil", "pool", SCRIPT, SCRIPT, "unmanaged live", "live:WorkPool:0", SCRIPT),
    ]
    edges = (
        ("schedule:orders/daily/nightly", "deployment:orders/daily"),
        ("deployment:orders/daily", "queue:etl/fast"),
        ("queue:etl/fast", "pool:etl"),
        ("queue:etl/default", "pool:etl"),
        ("pool:etl", "worker:etl-1"),
    )
    return Topology(tuple(nodes), edges)


def report() -> Report:
    dev = Environment(
        "dev",
        "http://user:secret@127.0.0.1:4200/api",
        "3.8.8",
        items=tuple(items()),
        coverage=(Coverage("WorkPool", 1, 1, True), Coverage("Variable", 13, 13, True)),
        objects=18,
        ignored=2,
        topology=topology(),
        verdicts=(
            Verdict("pools-stay", f"drift of WorkPool {SCRIPT}"),
            Verdict("small", "this change touches 2 of 18 objects", "ana: agreed (until 2026-12-31)"),
        ),
        notes=("the base branch's program does not run (No module): all counts as this change",),
    )
    prod = Environment(
        "prod",
        "https://prefect.example.com/api",
        problems=(Problem(f"no connection {SCRIPT}", "https://prefect.example.com/api", "is the server running?"),),
        coverage=(Coverage("WorkPool", 3, 3, True), Coverage("Variable", 5, 0, False)),
        objects=8,
    )
    return Report("review", "2026-11-25T07:00:00Z", (dev, prod), "p", "a" * 40, "b" * 40, tool="prefect-pulumi 0.1.0")


MORNING = {"cron": "0 6 * * *", "timezone": "Europe/Berlin", "active": True}


def changes() -> list[Item]:
    """Thirty changes as a branch of a team has them: every action, and most kinds and categories."""

    def change(kind: str, name: str, action: Action, *fields: tuple[str, object, object], **more: Any) -> Item:
        made = tuple(FieldChange(path, Class.THIS_CHANGE, side(new), side(old), side(old)) for path, old, new in fields)
        id = "" if action is Action.CREATE else f"id-{name}"
        impacts = (*impacts_of(kind, action, False, made), *more.pop("impacts", ()))
        return Item(urn(kind, name), kind, name, Class.THIS_CHANGE, action, id, made, impacts=impacts, **more)

    def side(value: object) -> DisplayValue:
        return NO_VALUE if value is None else v(value)

    used = Impact(Flag.IN_USE, "used by Deployment orders/daily, flows/orders.py:12")
    lost = Impact(Flag.RUNS_LOST, "12 scheduled runs are deleted")
    again = Impact(Flag.RUNS_LOST, "3 scheduled runs are deleted; they are made again", again=True)
    image = "baseJobTemplate.variables.properties.image.default"
    written = {"place": "Pulumi.prod.yaml:8", "author": "Ana, 2026-11-20 (1a2b3c4d)"}
    return [
        change("WorkQueue", "etl/slow", Action.DELETE, impacts=(used,)),
        change("Variable", "region", Action.DELETE, impacts=(used,)),
        change("SecretBlock", "old-token", Action.DELETE),
        change("GlobalConcurrencyLimit", "old-db", Action.DELETE),
        change("Deployment", "orders/old", Action.PRUNE, impacts=(lost,)),
        change("Deployment", "orders/older", Action.PRUNE),
        change("WorkQueue", "etl/fast", Action.REPLACE, ("workPoolName", "etl", "etl-2")),
        change("BlockDocument", "aws-credentials/etl", Action.REPLACE, ("name", "etl", "etl-2")),
        change("WorkPool", "etl", Action.UPDATE, ("concurrencyLimit", 10, 20), (image, "etl:1", "etl:2"), **written),
        change("WorkPool", "bi", Action.UPDATE, ("description", "BI", "Business intelligence"), **written),
        change("WorkPool", "ml", Action.UPDATE, ("paused", False, True)),
        change("WorkPool", "free", Action.UPDATE, ("concurrencyLimit", 5, None)),
        change("WorkQueue", "etl/default", Action.UPDATE, ("priority", 2, 1)),
        change("Variable", "batch_size", Action.UPDATE, ("value", 3, 500)),
        change("Variable", "owners", Action.UPDATE, ("tags", ["a"], ["a", "b"])),
        change("JsonBlock", "app", Action.UPDATE, ("value.hosts[1]", "b", "c"), ("value.retries", 3, None)),
        change("GlobalConcurrencyLimit", "db", Action.UPDATE, ("limit", 2, 8)),
        change("GlobalConcurrencyLimit", "api", Action.UPDATE, ("active", True, False)),
        change("DeploymentSchedule", "orders/hourly/s", Action.UPDATE, ("cron", "0 * * * *", "30 * * * *")),
        change("DeploymentSchedule", "orders/weekly/s", Action.UPDATE, ("active", True, False)),
        change("Automation", "alert", Action.UPDATE, ("enabled", True, False)),
        change("Automation", "notify", Action.UPDATE, ("description", "a", "b")),
        change("Deployment", "orders/daily", Action.DEPLOY, ("parameters.day", "today", "tomorrow"), impacts=(again,)),
        change("Deployment", "orders/hourly", Action.DEPLOY, ("schedules.new", None, MORNING)),
        change("Deployment", "orders/weekly", Action.DEPLOY, ("schedules.s", MORNING, None)),
        change("Deployment", "orders/monthly", Action.DEPLOY, ("tags", ["x"], ["y"])),
        change("Deployment", "orders/yearly", Action.DEPLOY, ("paused", False, True)),
        change("Variable", "new", Action.CREATE, ("value", None, 1)),
        change("WorkPool", "new", Action.CREATE, ("type", None, "process")),
        change("Flow", "new", Action.CREATE),
    ]


def branch() -> Report:
    """A review with those changes, one of which waits, and a little drift."""
    found = changes()
    drift = FieldChange("concurrencyLimit", Class.CHANGED_LIVE, v(2), v(2), v(9))
    waits = replace(found[-1], key="urn:waits", name="waits", pending=True)
    live = Item(urn("WorkPool", "live"), "WorkPool", "live", Class.CHANGED_LIVE, id="9", fields=(drift,), facts=STAMP)
    gone = Item(urn("Variable", "gone"), "Variable", "gone", Class.MISSING_LIVE, id="8")
    prod = Environment(
        "prod",
        "https://prefect.example.com/api",
        "3.8.8",
        items=(*found, waits, *with_remedies([live, gone], "prod")),
        coverage=(Coverage("WorkPool", 6, 6, True),),
        objects=40,
        verdicts=(Verdict("keep-runs", "runs-lost of Deployment orders/old, Deployment orders/older"),),
    )
    return Report("review", "2026-11-25T07:00:00Z", (prod,), "p", "a" * 40, "b" * 40, tool="prefect-pulumi 0.1.0")


def quiet() -> Report:
    full = report()
    calm = replace(full.environments[0], items=(), verdicts=(), notes=(), ignored=0, topology=Topology())
    return replace(full, environments=(calm,))
