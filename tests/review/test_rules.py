"""`review.yaml`: ignored, accepted, forbidden, overridden."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from prefect_pulumi.core.errors import ConfigError
from prefect_pulumi.review.model import Action, Class, DisplayValue, Environment, FieldChange, Item
from prefect_pulumi.review.rules import Rules

TODAY = date(2026, 11, 25)


def rules(text: str) -> Rules:
    return Rules.parse(text, today=TODAY)


def changed(path: str = "concurrencyLimit", live: Any = 9, **over: Any) -> Item:
    change = FieldChange(
        path, Class.CHANGED_LIVE, DisplayValue("value", 3), DisplayValue("value", 3), DisplayValue("value", live)
    )
    values: dict[str, Any] = {"cls": Class.CHANGED_LIVE, "fields": (change,)}
    return Item("urn:etl", "WorkPool", "etl", **{**values, **over})


def unmanaged(kind: str = "Variable", name: str = "scratch_1") -> Item:
    return Item(f"live:{kind}:{name}", kind, name, Class.UNMANAGED_LIVE)


def doing(action: Action, kind: str = "WorkPool", name: str = "etl", **over: Any) -> Item:
    return Item(f"urn:{kind}:{name}", kind, name, Class.THIS_CHANGE, action, **over)


@pytest.mark.parametrize(
    ("text", "kept", "ignored"),
    [
        ("", 2, 0),
        ("unmanaged: hide", 1, 1),
        ("ignore: [{kind: Variable, name: 'scratch_*', reason: tests}]", 1, 1),
        ("ignore: [{kind: WorkPool, name: 'scratch_*'}]", 2, 0),
        ("ignore: [{kind: WorkPool, name: etl, fields: [concurrencyLimit]}]", 1, 0),
        ("ignore: [{kind: WorkPool, fields: [baseJobTemplate]}]", 2, 0),
    ],
)
def test_ignored(text: str, kept: int, ignored: int) -> None:
    items, out = rules(text).ignore([changed(), unmanaged()])
    assert (len(items), out) == (kept, ignored)


def test_a_pattern_stands_for_what_is_below_it() -> None:
    item = changed("baseJobTemplate.variables.x", live="y")
    assert rules("ignore: [{kind: WorkPool, fields: [baseJobTemplate]}]").ignore([item])[0] == []


def test_brackets_are_no_pattern() -> None:
    """`infra accept` writes names and paths as they are."""
    item = replace(changed("schedules[0].cron", live="y"), name="etl [1]")
    assert rules("ignore: [{kind: WorkPool, name: 'etl [1]', fields: ['schedules[0].cron']}]").ignore([item])[0] == []
    text = "accepted: [{object: 'WorkPool etl [1]', owner: ana, reason: why, expires: 2026-12-01}]"
    assert not rules(text).accept([item], "dev")[0].counts


ACCEPT = "accepted: [{object: WorkPool etl, %s owner: ana, reason: why, expires: %s}]"


@pytest.mark.parametrize(
    ("words", "expires", "counts"),
    [
        ("", "2026-11-25", False),  # the last day still holds
        ("", "2026-11-24", True),
        ("fields: [concurrencyLimit],", "2026-12-01", False),
        ("fields: [description],", "2026-12-01", True),
        ("fields: {concurrencyLimit: 9},", "2026-12-01", False),
        ("fields: {concurrencyLimit: 8},", "2026-12-01", True),
        ("stacks: [prod],", "2026-12-01", True),
        ("stacks: [dev],", "2026-12-01", False),
    ],
)
def test_accepted(words: str, expires: str, counts: bool) -> None:
    item = rules(ACCEPT % (words, expires)).accept([changed()], "dev")[0]
    assert item.counts is counts


@pytest.mark.parametrize(
    ("rule", "item", "healed"),
    [
        ("kind: WorkPool, fields: [concurrencyLimit]", changed(), True),
        ("name: 'e*', fields: ['concurrency*'], stacks: ['d*']", changed(), True),
        ("fields: [baseJobTemplate]", changed("baseJobTemplate.variables.x"), True),
        ("fields: [concurrencyLimit], stacks: [prod]", changed(), False),
        ("kind: WorkQueue, fields: [concurrencyLimit]", changed(), False),
        ("fields: [paused]", changed(), False),
        ("fields: [concurrencyLimit]", changed(fields=(*changed().fields, *changed("paused").fields)), False),
        ("fields: [concurrencyLimit]", changed(action=Action.UPDATE), False),
        ("fields: [concurrencyLimit]", changed(cls=Class.CONFLICT), False),
        ("fields: [concurrencyLimit]", changed(cls=Class.MISSING_LIVE, fields=()), False),
        ("fields: [concurrencyLimit]", changed(fields=(replace(changed().fields[0], replaces=True),)), False),
        ("fields: ['*']", unmanaged(), False),
    ],
)
def test_only_what_is_listed_is_set_back(rule: str, item: Item, healed: bool) -> None:
    assert bool(rules(f"heal: [{{{rule}}}]").healed_fields(item, "dev")) is healed


def test_unmanaged_objects_may_be_a_note() -> None:
    assert not rules("unmanaged: note").accept([unmanaged()], "dev")[0].counts
    assert rules("unmanaged: drift").accept([unmanaged()], "dev")[0].counts


def judged(text: str, *items: Item, objects: int = 10, stack: str = "prod") -> list[tuple[str, bool]]:
    environment = Environment(stack, "http://x/api", items=items, objects=objects)
    return [(verdict.rule, bool(verdict.overridden)) for verdict in rules(text).judge(environment)]


@pytest.mark.parametrize(
    ("forbid", "items", "fails"),
    [
        ("delete", [doing(Action.DELETE)], True),
        ("delete", [doing(Action.PRUNE, "Deployment")], True),
        ("delete", [doing(Action.UPDATE)], False),
        ("delete", [doing(Action.DELETE, pending=True)], False),
        ("replace", [doing(Action.REPLACE)], True),
        ("drift", [changed()], True),
        ("drift", [unmanaged()], True),
        ("drift", [doing(Action.CREATE)], False),
        ("conflict", [changed()], False),
        ("conflict", [changed(cls=Class.CONFLICT)], True),
        ("unmanaged", [unmanaged()], True),
        ("share, percent: 20", [doing(Action.UPDATE, name=str(i)) for i in range(3)], True),
        ("share, percent: 30", [doing(Action.UPDATE, name=str(i)) for i in range(3)], False),
    ],
)
def test_policies(forbid: str, items: list[Item], fails: bool) -> None:
    assert judged(f"policy: [{{name: p, forbid: {forbid}}}]", *items) == ([("p", False)] if fails else [])


def test_policies_of_some_kinds_and_stacks() -> None:
    text = "policy: [{name: p, forbid: delete, kinds: [WorkPool], stacks: ['prod*']}]"
    assert judged(text, doing(Action.DELETE)) == [("p", False)]
    assert judged(text, doing(Action.DELETE, "Variable")) == []
    assert judged(text, doing(Action.DELETE), stack="dev") == []


@pytest.mark.parametrize(
    ("override", "passes"),
    [
        ("objects: ['WorkPool e*'], expires: 2026-11-25", True),
        ("expires: 2026-11-25", True),
        ("expires: 2026-11-24", False),
        ("stack: dev, expires: 2026-12-01", False),
        ("objects: ['WorkPool other'], expires: 2026-12-01", False),
    ],
)
def test_overrides(override: str, passes: bool) -> None:
    text = f"policy: [{{name: p, forbid: delete}}]\noverrides: [{{policy: p, owner: ana, reason: moved, {override}}}]"
    assert judged(text, doing(Action.DELETE)) == [("p", passes)]


def test_an_override_covers_only_what_it_names() -> None:
    text = "policy: [{name: p, forbid: delete}]\noverrides:\n"
    text += "- {policy: p, objects: [WorkPool etl], owner: a, reason: r, expires: 2026-12-01}\n"
    assert judged(text, doing(Action.DELETE), doing(Action.DELETE, name="other")) == [("p", False)]


def test_what_the_base_branch_does_not_have_is_marked() -> None:
    text = "policy: [{name: p, forbid: delete}]\noverrides: [{policy: p, owner: a, reason: r, expires: 2026-12-01}]"
    environment = Environment("prod", "http://x/api", items=(doing(Action.DELETE),), objects=10)
    assert "new in this change" in rules(text).against(rules("")).judge(environment)[0].overridden
    assert "new" not in rules(text).against(rules(text)).judge(environment)[0].overridden
    accepted = rules(ACCEPT % ("", "2026-12-01")).against(rules("")).accept([changed()], "dev")[0].accepted
    assert accepted is not None
    assert accepted.reason == "why, new in this change"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [", "review.yaml:2:1: while parsing a flow node"),
        ("ignored: []", "did you mean ignore?"),
        ("accepted: [{object: etl, owner: a, reason: r, expires: 2026-01-01}]", "accepted.0.object"),
        ("accepted: [{object: WorkPool etl, owner: a, reason: '', expires: 2026-01-01}]", "reason"),
        ("accepted: [{object: WorkPool etl, owner: a, reason: r}]", "expires"),
        ("policy: [{name: p, forbid: everything}]", "forbid"),
        ("policy: [{name: p, forbid: share}]", "percent"),
        ("overrides: [{policy: q, owner: a, reason: r, expires: 2026-01-01}]", "no policy 'q'"),
        ("- a", "review.yaml"),
    ],
)
def test_faults_are_told_with_their_key(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        rules(text)
    assert words in str(caught.value)
    assert "review.yaml" in str(caught.value)
