"""Policies about fields: each names the object, the field, and the place in the code."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from prefect_pulumi.core.errors import ConfigError
from prefect_pulumi.review.field_policies import Declared
from prefect_pulumi.review.rules import Rules

TODAY = date(2026, 11, 30)
OBJECTS = [
    Declared("WorkPool", "etl", {"concurrencyLimit": 5, "type": "process", "description": ""}, "Pulumi.prod.yaml:8"),
    Declared("WorkPool", "bare", {"concurrencyLimit": None, "type": "docker"}, "infra/__main__.py:12"),
    Declared("Deployment", "orders/daily", {"tags": ["orders", "owner:ana"], "work_pool_name": "etl"}),
    Declared("Deployment", "orders/lost", {"tags": [], "work_pool_name": "etl"}, "prefect.yaml:20"),
    Declared("Variable", "token", {"value": "[secret]"}),
]


def faults(policy: str) -> list[str]:
    rules = Rules.parse(f"fields:\n- {{name: p, {policy}}}\n", today=TODAY)
    return [verdict.text for verdict in rules.judge_fields(OBJECTS, "prod")]


@pytest.mark.parametrize(
    ("policy", "texts"),
    [
        ("kinds: [WorkPool], require: [concurrencyLimit]",
         ["WorkPool bare: concurrencyLimit is missing (infra/__main__.py:12)"]),
        ("kinds: [WorkPool], require: [concurrency_limit]",
         ["WorkPool bare: concurrency_limit is missing (infra/__main__.py:12)"]),
        ("kinds: [WorkPool], require: [description]",
         ["WorkPool etl: description is missing (Pulumi.prod.yaml:8); "
          "WorkPool bare: description is missing (infra/__main__.py:12)"]),
        ("kinds: [Deployment], pattern: {tags: 'owner:.+'}",
         ["Deployment orders/lost: tags does not match owner:.+ (prefect.yaml:20)"]),
        ("kinds: [Deployment], names: ['*/daily'], pattern: {workPoolName: 'etl|bi'}", []),
        ("kinds: [WorkPool], forbid: {type: docker}",
         ["WorkPool bare: type matches docker (infra/__main__.py:12)"]),
        ("kinds: [WorkPool], forbid: {type: dock}", []),
        ("kinds: [WorkPool], stacks: [dev], require: [nothing]", []),
        ("kinds: [WorkPool], pattern: {'baseJobTemplate.variables.image': x}", []),
    ],
)  # fmt: skip
def test_fields(policy: str, texts: list[str]) -> None:
    assert faults(policy) == texts


def test_overrides_let_objects_pass() -> None:
    override = "overrides:\n- {policy: p, objects: ['WorkPool %s'], owner: ana, reason: r, expires: 2999-01-01}\n"
    text = "fields:\n- {name: p, kinds: [WorkPool], require: [concurrencyLimit]}\n" + override

    def overridden(name: str) -> str:
        return Rules.parse(text % name, today=TODAY).judge_fields(OBJECTS, "prod")[0].overridden

    assert overridden("bare").startswith("ana: r")
    assert overridden("etl") == ""


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("kinds: [WorkPool]", "give one of `require`, `pattern` and `forbid`"),
        ("require: [x]", "kinds"),
        ("kinds: [WorkPool], pattern: {name: '('}", "'(' is not a regular expression"),
        ("kinds: [WorkPool], requires: [x]", "did you mean require?"),
    ],
)
def test_bad_policies_are_bad_input(policy: str, words: Any) -> None:
    with pytest.raises(ConfigError) as error:
        faults(policy)
    assert words in str(error.value)
