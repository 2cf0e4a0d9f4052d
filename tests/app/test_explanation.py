"""Explanations of kinds, fields and keys: every field and every key of a stack file has one, its example fits."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from prefect_pulumi.app.config_schema import stack_definitions
from prefect_pulumi.app.counterparts import CHANGES, FIELDS, OBJECTS, counterpart
from prefect_pulumi.app.explanation import MODELS, explain
from prefect_pulumi.cli.main import main
from prefect_pulumi.core.errors import ExitCode, InputError

POOL_LIMIT = """\
environment.pools.*.concurrency_limit
  Maximum of concurrent flow runs; none: no limit.

  type      whole number, at least 0
  default   none
  a change  in place
  since     Prefect 3.0

  example
    environment:
      pools:
        etl:
          concurrency_limit: 10
"""
SLUG = """\
DeploymentSchedule.slug
  Name of the schedule, unique in its deployment; a rename keeps the schedule.

  type      text that fits ^[a-z0-9-]+$
  default   none
  a change  in place; removing it replaces the object
  since     Prefect 3.2.15

  example
    DeploymentSchedule("nightly", deployment_id=daily.id, cron="0 6 * * *", slug="nightly")
"""


@pytest.mark.parametrize(
    ("path", "text"), [("environment.pools.etl.concurrency_limit", POOL_LIMIT), ("DeploymentSchedule.slug", SLUG)]
)
def test_the_whole_text(path: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", path]) == ExitCode.DONE
    assert capsys.readouterr().out == text


@pytest.mark.parametrize(
    ("path", "same"),
    [
        ("WorkPool.concurrency_limit", "WorkPool.concurrencyLimit"),
        ("pools.*.type", "environment.pools.*.type"),
        ("config.orders:environment.pools.*.type", "environment.pools.*.type"),
        ("orders:environment.server", "environment.server"),
        ("verification.smoke[0].seconds", "environment.verification.smoke[].seconds"),
        ("verification.smoke.seconds", "environment.verification.smoke[].seconds"),
        ("environment.blocks.slack-webhook/team.data", "environment.blocks.*.data"),
    ],
)
def test_names_lead_to_one_place(path: str, same: str) -> None:
    assert explain(path).path == same


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("WorkPol", "did you mean WorkPool?"),
        ("WorkPool.nam", "unknown name 'nam' of WorkPool; did you mean name?"),
        ("environment.pools.etl.queue", "of environment.pools.*; did you mean queues?"),
        ("poolz", "did you mean pools?"),
        ("environment.server.port.x", "unknown name 'x' of environment.server.port; known: none"),
        ("Variable.value.x", "unknown name 'x' of Variable.value"),
        ("", ""),
    ],
)
def test_an_unknown_name_gets_the_nearest(path: str, words: str) -> None:
    if not path:
        assert "WorkPool" in [name for name, _, _ in explain("").members]
        return
    with pytest.raises(InputError) as refused:
        explain(path)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("environment.pools.*.type", "replaces the object"),
        ("environment.pools.*.job", "in place"),
        ("environment.pools.*", "another name is another object: the old one is deleted"),
        ("environment.deploy.ui_owns", "counts from the next deploy"),
        ("Variable.name", "in place"),
        ("WorkPool.created", "set by the server"),
    ],
)
def test_a_change(path: str, change: str) -> None:
    assert explain(path).change == change


@pytest.mark.parametrize(
    ("path", "since"),
    [
        ("WorkPool", "Prefect 3.0"),
        ("pools.*.result_storage", "Prefect 3.2.15"),
        ("Deployment.grace_period_seconds", "Prefect 3.6.29"),
        ("Variable.name", "Prefect 3.0; name with a dash 3.4.25"),
        ("LocalServer.port", ""),
        ("environment.deploy", ""),
    ],
)
def test_the_first_version(path: str, since: str) -> None:
    assert explain(path).since == since


def keys(model: str, place: str, above: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every key of the stack file with its schema; a model that is part of itself is entered once."""
    for key, value in stack_definitions()[model]["properties"].items():
        yield f"{place}.{key}", value
        for step, name in references(value):
            if name not in above and "properties" in stack_definitions()[name]:
                yield from keys(name, f"{place}.{key}{step}", (*above, name))


def references(value: Any) -> Iterator[tuple[str, str]]:
    if "$ref" in value:
        yield "", value["$ref"].rsplit("/", 1)[-1]
    for option in value.get("anyOf", ()):
        yield from references(option)
    if isinstance(value.get("items"), dict):
        yield from ((f"[]{step}", name) for step, name in references(value["items"]))
    if isinstance(value.get("additionalProperties"), dict):
        yield from ((f".*{step}", name) for step, name in references(value["additionalProperties"]))


def test_every_key_is_described_and_its_example_fits() -> None:
    places = dict(keys("Environment", "environment"))
    assert len(places) > 90
    for place, schema in places.items():
        explanation = explain(place)
        assert (explanation.path, bool(explanation.description)) == (place, True), place
        value = yaml.safe_load(explanation.example)
        for step in place.replace("[]", ".[]").split("."):
            value = value[0] if step == "[]" else value[step if step != "*" else next(iter(value))]
        Draft202012Validator({**schema, "$defs": stack_definitions()}).validate(value)


def test_every_field_is_described_and_its_example_is_python() -> None:
    for name, model in MODELS.items():
        assert explain(name).description
        for spec in model.fields():
            explanation = explain(f"{name}.{spec.wire}")
            assert explanation.description, f"{name}.{spec.wire}"
            assert not spec.from_program or isinstance(ast.parse(explanation.example).body[0], ast.Expr)


def test_the_table_of_counterparts_names_places_that_exist() -> None:
    for path in (*OBJECTS, *FIELDS, *CHANGES):
        assert explain(f"environment.{path}").path == f"environment.{path}"
    for path, (model, wire) in FIELDS.items():
        assert counterpart(["environment", *path.split(".")]) == (model, model.field(wire))
        assert model.field(wire) is not None
