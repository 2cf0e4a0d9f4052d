"""The JSON schema of stack files and kinds: it takes what the models take, and refuses what they refuse."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from prefect_pulumi.app.config_schema import config_schema
from prefect_pulumi.core.errors import InputError
from prefect_pulumi.models import KINDS
from tests.support.projects import REPOSITORY

STACK_FILES = sorted(
    [*REPOSITORY.glob("Pulumi.*.yaml"), *(REPOSITORY / "templates").rglob("Pulumi.*.yaml")],
    key=str,
)
DOCUMENTED = ("blocks", "automations")
VALIDATOR = Draft202012Validator(config_schema())


def faults(document: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(document)]


def of(**environment: Any) -> dict[str, Any]:
    return {"config": {"p:environment": {"server": {"embedded": True}, **environment}}}


def examples() -> Iterator[dict[str, Any]]:
    """The parts of a stack file that the documentation shows."""
    text = (REPOSITORY / "docs" / "configuration.md").read_text("utf-8")
    for block in re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL):
        yield yaml.safe_load(block) or {}  # a comment alone


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(config_schema())


@pytest.mark.parametrize("file", STACK_FILES, ids=lambda file: str(file.relative_to(REPOSITORY)))
def test_every_stack_file_of_the_repository_fits(file: Path) -> None:
    assert faults(yaml.safe_load(file.read_text("utf-8"))) == []


def test_what_the_documentation_shows_fits() -> None:
    shown = list(examples())
    assert {key for part in shown for key in part} >= set(DOCUMENTED)
    for part in shown:
        assert faults(of(**part)) == []


@pytest.mark.parametrize(
    "document",
    [
        of(pools={"etl": {"workers": 2}}),
        of(pools={"etl": {"workers": {"count": 2, "env": {"TOKEN": {"secure": "v1:x"}}}}}),
        of(verification={"smoke": [{"deployment": "f/d"}]}),
        {"config": {"prefect:apiUrl": "http://127.0.0.1:4200/api", "prefect:apiKey": {"secure": "v1:x"}}},
        {"config": {"environment": {"server": {"api_url": {"secure": "v1:x"}}}, "another:key": [1]}},
        {"config": None},
    ],
)
def test_what_is_right_fits(document: Any) -> None:
    assert faults(document) == []


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (of(pool={}), "environment']"),
        (of(pools={"etl": {"concurrency_limit": -1}}), "etl.concurrency_limit"),
        (of(pools={"etl": {"workers": 40}}), "etl.workers"),
        (of(pools={"etl": {"workers": {"counts": 1}}}), "etl.workers"),
        (of(deploy={"on_failure": "retry"}), "deploy.on_failure"),
        (of(tag_limits={"x": {}}), "tag_limits.x"),
        ({"config": {"environment": {}}}, "environment"),
        ({"config": {"prefect:apiUrl": 4200}}, "apiUrl"),
    ],
)
def test_what_is_wrong_is_found_at_its_place(document: Any, place: str) -> None:
    [fault] = faults(document)
    assert place in fault.split(": ")[0]


def test_a_kind_has_what_a_program_gives() -> None:
    schema = config_schema("WorkPool")
    assert schema["required"] == ["type"]
    assert "created" not in schema["properties"]
    assert Draft202012Validator(schema).is_valid({"type": "process", "concurrencyLimit": 1})
    assert not Draft202012Validator(schema).is_valid({"type": "process", "concurrency_limit": 1})
    assert {model.kind for model in KINDS.values()} <= set(config_schema()["$defs"])


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(InputError, match=r"unknown kind 'WorkPol'; did you mean WorkPool\?"):
        config_schema("WorkPol")
