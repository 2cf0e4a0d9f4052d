"""An imported program as text: what stands in the stack file, how objects refer to each other, what is secret."""

from __future__ import annotations

import ast
import copy
import dataclasses
from collections.abc import Sequence
from typing import Any

import pytest

from prefect_pulumi.app.imports.deployments_file import prefect_file
from prefect_pulumi.app.imports.environment import environment, schema_files, template_settings
from prefect_pulumi.app.imports.layout import Layout
from prefect_pulumi.app.imports.live_objects import LiveObject, Selection
from prefect_pulumi.app.imports.program_modules import ProgramModules, program_modules
from prefect_pulumi.app.imports.python_text import Expression, call, literal
from prefect_pulumi.app.imports.secret_fields import Placeholders, with_variables
from prefect_pulumi.app.imports.settings_objects import RESULT_STORAGE, settings_objects
from prefect_pulumi.components.templates import base_job_template, merge_patch
from prefect_pulumi.models import KINDS
from prefect_pulumi.models.worker_types import worker_types
from prefect_pulumi.project.settings import parse_environment

Json = dict[str, Any]
NAMES = ["a'b", 'say "x"', "[/red]", "täglich", "class", "1st", "日本", "a\nb", "pulumi", "{{ x }}", "\\"]
QUIET = {"type": "event", "posture": "Reactive", "expect": ["none"]}


def uuid(number: int) -> str:
    return f"00000000-0000-0000-0000-{number:012d}"


def live(
    kind: str, number: int, human: str, secret_fields: tuple[str, ...] = (), owner: str = "", **inputs: Any
) -> Any:
    return LiveObject(KINDS[f"prefect:index:{kind}"], uuid(number), human, inputs, secret_fields, owner)


def modules_of(objects: Sequence[LiveObject]) -> ProgramModules:
    modules = program_modules(Layout(objects))
    for text in modules.texts.values():
        ast.parse(text)
    return modules


@pytest.mark.parametrize(
    "value", [None, True, 3, 2.5, "a", 'q"', "q'\"", [], {}, [1, {"a": [None, "ü\n"]}], {"k": "v" * 200}]
)
def test_plain_data_is_its_own_source(value: Any) -> None:
    assert ast.literal_eval(literal(value)) == value


def test_long_calls_break_as_a_formatter_breaks_them() -> None:
    assert call("F", ['"n"'], {"a": Expression("x.id")}) == 'F("n", a=x.id)'
    broken = 'Function(\n    "n", a="' + "v" * 105 + '"\n)'
    assert call("Function", ['"n"'], {"a": "v" * 105}) == broken
    assert call("F", ['"n"'], {"a": ["v" * 60, "w" * 60]}).splitlines()[2:4] == ["    a=[", f'        "{"v" * 60}",']


def test_the_stack_file_declares_what_it_can() -> None:
    objects = [
        live("WorkPool", 1, "etl", type="process", concurrencyLimit=3),
        live("WorkQueue", 2, "etl/high", name="high", workPoolName="etl", priority=1, paused=True),
        live("WorkQueue", 3, "gone/q", name="q", workPoolName="gone", priority=1),
        live("Variable", 4, "env", value={"a": [None]}, tags=["x"]),
        live("SecretBlock", 5, "token", value="hush"),
        live("SecretBlock", 6, "login", value={"user": "hush"}),
        live("JsonBlock", 7, "settings", value=3),
        live("GlobalConcurrencyLimit", 8, "db", limit=2, active=False),
    ]
    inside = settings_objects(objects)
    assert [item.human for item in objects if item not in inside] == ["gone/q"]
    settings = environment(inside, {"api_url": "https://prefect.example.com/api"})
    parsed = parse_environment(settings, "dev")
    assert parsed.pools["etl"].queues["high"].paused
    assert settings["variables"] == {"env": {"value": {"a": [None]}, "tags": ["x"]}}
    assert settings["secrets"] == {"token": {}, "login": {"format": "json"}}
    assert settings["concurrency_limits"] == {"db": {"limit": 2, "active": False}}


def test_pools_whose_queues_share_resource_names_stay_python() -> None:
    pools = [live("WorkPool", 1, "a", type="process"), live("WorkPool", 2, "a-b", type="process")]
    queues = [
        live("WorkQueue", 3, "a/b-c", name="b-c", workPoolName="a", priority=2),
        live("WorkQueue", 4, "a-b/c", name="c", workPoolName="a-b", priority=2),
    ]
    assert settings_objects([*pools, *queues]) == []
    text = modules_of([*pools, *queues]).texts["work_pools"]
    assert 'WorkQueue("a/b-c", options, name="b-c", work_pool_name=a.name, priority=2)' in text


def test_blocks_types_and_automations_refer_by_name() -> None:
    objects = [
        live("BlockType", 1, "acme", name="Acme", slug="acme"),
        live("BlockSchema", 2, "acme", blockTypeSlug="acme", fields={"title": "A"}),
        live("BlockDocument", 3, "acme/a", name="a", blockTypeSlug="acme", data={"n": 1}),
        live("BlockDocument", 4, "acme/b", name="b", blockTypeSlug="acme", data={"a": ref(3), "t": ref(5)}),
        live("SecretBlock", 5, "token", value="hush"),
        live("WorkPool", 6, "etl", type="process", storageConfiguration={RESULT_STORAGE: uuid(3)}),
        live("TaskRunConcurrencyLimit", 7, "small", tag="small", limit=2),
        live("Flow", 8, "f", name="f", tags=["x"]),
        live("Deployment", 9, "f/d", name="d", flowName="f"),
        live("Automation", 10, "A", name="A", trigger=QUIET, actions=[pause(uuid(11))]),
        live("Automation", 11, "B", name="B", enabled=False, trigger=about(9), actions=[run(9)]),
        live("Automation", 12, "C", name="C", trigger=QUIET, actions=[]),
        live("Automation", 13, "C", name="C", trigger=QUIET, actions=[]),
    ]
    layout = Layout(objects)
    settings = environment(layout.in_settings, {"api_url": "http://x/api"}, others=layout.others)
    parse_environment(settings, "dev")
    assert settings["block_types"] == {"acme": {"name": "Acme", "fields": "infra/block_types/acme.json"}}
    assert dict(schema_files(layout.in_settings)) == {"infra/block_types/acme.json": '{"title": "A"}\n'}
    assert settings["blocks"]["acme/b"]["data"] == {"a": {"block": "acme/a"}, "t": {"block": "secret/token"}}
    assert settings["pools"]["etl"]["result_storage"] == "acme/a"
    assert settings["tag_limits"] == {"small": {"limit": 2}}
    assert settings["flows"] == {"f": {"tags": ["x"]}}
    automations = settings["automations"]
    assert automations["A"]["actions"] == [{"type": "pause-automation", "automation": "B"}]
    assert automations["B"]["trigger"]["match"] == {"prefect.resource.id": {"deployment": "f/d"}}
    assert automations["B"]["actions"] == [{"type": "run-deployment", "deployment": "f/d"}]
    assert automations["C-2"]["name"] == "C"
    text = program_modules(layout).texts["automations"]
    assert 'declare_automations(environment, objects, deployments={"f/d": deployments.f_d.id})' in text


@pytest.mark.parametrize(
    "objects",
    [
        [  # a circle
            ("Automation", 1, "A", {"actions": [("pause", 2)]}),
            ("Automation", 2, "B", {"actions": [("pause", 1)]}),
        ],
        [("Automation", 1, "A", {"actions": [("payload", 2)]}), ("Automation", 2, "B", {"actions": [("payload", 1)]})],
        [("BlockDocument", 1, "x/a", {"data": {"p": {"secret": "plain"}}})],
        [("BlockDocument", 1, "x/a", {"data": {"p": {"block": "plain"}}})],
        [("BlockDocument", 1, "x/a", {"data": {}, "blockSchemaId": uuid(9)})],
        [("BlockDocument", 1, "github-credentials/a", {"data": {"tokn": "x"}})],
    ],
)
def test_what_the_stack_file_cannot_say_stays_python(objects: list[Any]) -> None:
    def inputs_of(kind: str, human: str, inputs: Json) -> Json:
        if kind == "BlockDocument":
            slug, name = human.split("/")
            return {"name": name, "blockTypeSlug": slug, **inputs}
        actions = [
            pause(uuid(number)) if form == "pause" else {"type": "call-webhook", "payload": f"at {uuid(number)}"}
            for form, number in inputs["actions"]
        ]
        return {"name": human, "trigger": QUIET, "actions": actions}

    listed = [live(kind, number, human, **inputs_of(kind, human, inputs)) for kind, number, human, inputs in objects]
    assert settings_objects(listed) == []
    modules_of(listed)


def ref(number: int) -> Json:
    return {"$ref": {"block_document_id": uuid(number)}}


def run(number: int) -> Json:
    return {"type": "run-deployment", "deployment_id": uuid(number)}


def pause(automation: str) -> Json:
    return {"type": "pause-automation", "automation_id": automation}


def about(deployment: int) -> Json:
    return {**QUIET, "match": {"prefect.resource.id": f"prefect.deployment.{uuid(deployment)}"}}


def changed(worker_type: str, change: Any) -> Json:
    template: Json = copy.deepcopy(worker_types()[worker_type])
    change(template)
    return template


@pytest.mark.parametrize(
    ("worker_type", "change", "keys"),
    [
        ("docker", lambda t: t["variables"]["properties"]["image"].update(default="i:1"), {"job"}),
        ("docker", lambda t: t["job_configuration"].update(new=["x"]), {"template_patch"}),
        ("docker", lambda t: t["job_configuration"].pop("image"), {"template_patch"}),
        ("docker", lambda t: t["job_configuration"].update(image=None), {"base_job_template"}),
        ("process", lambda t: t["variables"]["properties"]["name"].update(default=["bad type"]), {"template_patch"}),
        (
            "kubernetes",
            lambda t: t["variables"]["properties"]["namespace"].update(default="p"),
            {"job", "template_patch"},
        ),
    ],
)
def test_a_changed_template_is_what_the_settings_make(worker_type: str, change: Any, keys: set[str]) -> None:
    template = changed(worker_type, change)
    settings = template_settings(worker_type, template)
    assert settings.keys() == keys
    made = merge_patch(base_job_template(worker_type, settings.get("job", {})), settings.get("template_patch", {}))
    assert settings.get("base_job_template", made) == template


def test_objects_refer_to_each_other() -> None:
    objects = [
        live("WorkPool", 1, "etl", type="process"),
        live("WorkQueue", 2, "etl/high", name="high", workPoolName="etl", priority=1),
        live("Flow", 3, "etl", name="etl"),
        live("Deployment", 4, "etl/daily", name="daily", flowName="etl", workPoolName="etl", workQueueName="high"),
        live("DeploymentSchedule", 5, "etl/daily/cron-1", deploymentId=uuid(4), cron="0 6 * * *"),
        live(
            *("Automation", 6, "a"),
            name="a",
            trigger={**QUIET, "match": {"id": f"prefect.deployment.{uuid(4)}"}},
            actions=[{"type": "pause-automation", "automation_id": uuid(7)}, {"type": "x", "id": uuid(99)}],
        ),
        live("Automation", 7, "a", name="a", trigger=QUIET, actions=[{"type": "y", "id": uuid(6)}]),
    ]
    modules = modules_of(objects)
    text = modules.texts["deployments"]
    assert 'work_pool_name=objects.pools["etl"].work_pool.name' in text
    assert 'work_queue_name=objects.pools["etl"].queues["high"].name' in text
    assert 'DeploymentSchedule("etl/daily/cron-1", options, deployment_id=etl_daily.id, cron="0 6 * * *")' in text
    text = modules.texts["automations"]
    assert 'pulumi.Output.concat("prefect.deployment.", deployments.etl_daily.id)' in text
    assert '"automation_id": a_2.id' in text
    assert modules.literals == {uuid(6)}  # the circle's other half
    assert uuid(99) in text


def test_only_secret_fields_are_secret() -> None:
    data = {"bucket": "raw", "url": "hush-1", "headers": {"A": "hush-2"}, "login": {"password": "hush-3", "user": "u"}}
    fields = ("url", "headers.*")
    block = live("BlockDocument", 1, "x/b", fields, name="b", blockTypeSlug="x", data=data)
    secrets = Placeholders()
    settings = environment(settings_objects([block]), {"api_url": "http://x/api"}, secrets)
    assert settings["blocks"]["x/b"]["data"] == {
        "bucket": "raw",
        "url": {"secret": "b-url"},
        "headers": {"secret": {"config": "b-headers", "format": "json"}},
        "login": {"password": {"secret": "b-login-password"}, "user": "u"},
    }
    modules = modules_of([dataclasses.replace(block, inputs={**block.inputs, "blockSchemaId": uuid(2)})])
    assert secrets.values == modules.secrets
    assert modules.secrets == {"b-url": "hush-1", "b-headers": '{"A": "hush-2"}', "b-login-password": "hush-3"}
    text = modules.texts["blocks"]
    assert '"bucket": "raw"' in text
    assert 'config.require_secret_object("b-headers")' in text
    assert "hush" not in text
    taken = Placeholders(["b-url"])
    assert taken.of("x", "b", "url") == 'config.require_secret("b-url-2")'
    assert with_variables({"env": {"API_TOKEN": "hush", "A": "b"}}) == {
        "env": {"API_TOKEN": "{{ $API_TOKEN }}", "A": "b"}
    }


@pytest.mark.parametrize("name", NAMES)
def test_every_name_gives_a_program(name: str) -> None:
    objects = [
        live("Flow", 1, name, name=name),
        live("Flow", 2, name.upper(), name=name.upper()),
        live("Deployment", 3, f"{name}/d", name="d", flowName=name, parameters={name: name}),
        live("Automation", 4, name, name=name, trigger=QUIET, actions=[{"type": "run", "id": uuid(3)}]),
    ]
    modules = modules_of(objects)
    assert literal(name) in modules.texts["automations"]
    assert environment(settings_objects([live("WorkPool", 5, name, type="process")]), {"api_url": "http://x/api"})[
        "pools"
    ] == {name: {"type": "process"}}


def test_deployments_as_prefect_yaml() -> None:
    common = {"entrypoint": "a.py:f", "workPoolName": "etl", "pullSteps": [{"prefect.x": {}}]}
    objects = [
        live("Deployment", 1, "f/a", name="a", flowName="f", concurrencyLimit=2, collisionStrategy="ENQUEUE", **common),
        live("Deployment", 2, "f/b", name="b", flowName="f", workQueueName="q", **common),
        live("Deployment", 3, "f/served", name="served", flowName="f", entrypoint="a.py:f"),
        live("DeploymentSchedule", 4, "f/a/s", deploymentId=uuid(1), interval=60.0, slug="s", active=False),
        live(
            *("Automation", 5, "a__automation_1", (), uuid(1)),
            name="a__automation_1",
            trigger=QUIET,
            actions=[{"type": "run-deployment", "deployment_id": uuid(1), "parameters": {"day": "{{ event.id }}"}}],
        ),
    ]
    document, left_out = prefect_file(objects, "team")
    first, second = document["deployments"]
    assert document["pull"] == [{"prefect.x": {}}]
    assert first["concurrency_limit"] == {"limit": 2, "collision_strategy": "ENQUEUE"}
    assert first["schedules"] == [{"slug": "s", "interval": 60.0, "active": False}]
    assert first["triggers"] == [{"name": "a__automation_1", **QUIET, "parameters": {"day": "{{ event.id }}"}}]
    assert second["work_pool"] == {"name": "etl", "work_queue_name": "q"}
    assert [(item.human, item.reason) for item in left_out] == [("f/served", "it has no work pool: `serve()` makes it")]


@pytest.mark.parametrize(
    ("selection", "selected"),
    [
        (Selection(), True),
        (Selection(kinds=frozenset({"Deployment"})), True),
        (Selection(kinds=frozenset({"Flow"})), False),
        (Selection(names=("ETL/*",)), True),
        (Selection(names=("daily",)), True),
        (Selection(names=("other", "et?/d*")), True),
        (Selection(tags=("b", "c")), True),
        (Selection(tags=("c",)), False),
        (Selection(ids=frozenset({uuid(1)})), True),
        (Selection(ids=frozenset()), False),
    ],
)
def test_selections(selection: Selection, selected: bool) -> None:
    item = live("Deployment", 1, "etl/daily", name="daily", flowName="etl", tags=["a", "b"])
    assert selection.has(item) == selected
