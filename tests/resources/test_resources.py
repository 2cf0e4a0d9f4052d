"""The generated classes, registered with Pulumi's own mocks; and that they are up to date."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime import Mocks, set_mocks
from pulumi.runtime import test as in_a_program
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs

from prefect_pulumi import resources
from prefect_pulumi.models import KINDS, Kind
from prefect_pulumi.resources import JsonBlock, Provider, SecretBlock, Variable, WorkPool, WorkQueue

ROOT = Path(__file__).resolve().parents[2]


class Recorder(Mocks):
    def __init__(self) -> None:
        self.seen: list[MockResourceArgs] = []

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self.seen.append(args)
        return args.resource_id or f"{args.name}-id", {**args.inputs, "created": "2026-01-01T00:00:00Z"}

    def call(self, args: MockCallArgs) -> dict[Any, Any]:
        return {}


LOOP = asyncio.new_event_loop()
"""The SDK takes the thread's event loop, which an earlier test may have taken away. It stays open: the SDK's mocks
make one more in each thread of its executor and close none."""


@pytest.fixture
def recorder() -> Recorder:
    asyncio.set_event_loop(LOOP)
    mocks = Recorder()
    set_mocks(mocks, project="project", stack="dev")
    return mocks


def test_generated_files_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "generate.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"run `make docs`:\n{done.stdout}{done.stderr}"


def test_the_name_that_pulumi_import_writes() -> None:
    import pulumi_prefect

    assert pulumi_prefect.__all__ == resources.__all__
    assert all(getattr(pulumi_prefect, name) is getattr(resources, name) for name in resources.__all__)


@pytest.mark.parametrize("model", KINDS.values(), ids=lambda model: model.kind)
def test_every_kind_has_a_class(model: type[Kind]) -> None:
    cls = getattr(resources, model.kind)
    arguments = inspect.signature(cls.__init__).parameters
    for spec in model.fields():
        name = spec.attribute.rstrip("_")
        assert (name in arguments) is spec.from_program
        assert isinstance(inspect.getattr_static(cls, name), property)
    assert cls.pulumi_type == model.token()


@in_a_program
def test_inputs_travel_under_wire_names_and_values_stay_as_they_are(recorder: Recorder) -> None:
    pool = WorkPool("etl", type="process", concurrency_limit=4)
    queue = WorkQueue("fast", work_pool_name=pool.name, priority=1)
    variable = Variable("settings", value={"work_pool_name": 1, "deep": {"base_job_template": [1]}}, tags=["a"])

    def check(values: list[Any]) -> None:
        limit, value, created, pool_name = values
        assert limit == 4
        assert isinstance(limit, int)
        assert value == {"work_pool_name": 1, "deep": {"base_job_template": [1]}}
        assert created == "2026-01-01T00:00:00Z"
        assert pool_name == "etl-pool"
        by_name = {args.name: args for args in recorder.seen}
        assert by_name["etl"].inputs == {"type": "process", "concurrencyLimit": 4}
        assert by_name["fast"].typ == "prefect:index:WorkQueue"

    named = pulumi.Output.from_input("etl-pool")
    return pulumi.Output.all(pool.concurrency_limit, variable.value, queue.created, named).apply(check)


@in_a_program
def test_secrets_are_marked(recorder: Recorder) -> None:
    secret = SecretBlock("password", value="s3cret")
    plain = JsonBlock("config", value={"a": 1})
    options = SecretBlock._options(pulumi.ResourceOptions(ignore_changes=["value.a"], protect=True))
    assert options.additional_secret_outputs == ["value"]
    assert options.protect

    async def check() -> None:
        assert await secret.value.is_secret()
        assert not await plain.value.is_secret()
        assert await secret.value.future() == "s3cret"

    return pulumi.Output.from_input(check())


def test_option_paths_are_translated_and_the_users_options_left_alone() -> None:
    given = pulumi.ResourceOptions(
        ignore_changes=["base_job_template.variables", "concurrency_limit", "description"],
        replace_on_changes=["base_job_template[0]"],
        additional_secret_outputs=["base_job_template"],
    )
    options = WorkPool._options(given)
    assert options.ignore_changes == ["baseJobTemplate.variables", "concurrencyLimit", "description"]
    assert options.replace_on_changes == ["baseJobTemplate[0]"]
    assert options.additional_secret_outputs == ["baseJobTemplate"]
    assert given.ignore_changes == ["base_job_template.variables", "concurrency_limit", "description"]
    assert given.additional_secret_outputs == ["base_job_template"]


@in_a_program
def test_get_reads_an_existing_object(recorder: Recorder) -> None:
    pool = WorkPool.get("found", "some-pool")

    def check(values: list[Any]) -> None:
        assert values == ["some-pool", "2026-01-01T00:00:00Z"]
        assert recorder.seen[0].resource_id == "some-pool"

    return pulumi.Output.all(pool.id, pool.created).apply(check)


@in_a_program
def test_provider(recorder: Recorder) -> None:
    provider = Provider("local", api_url="http://127.0.0.1:4200/api", api_key="key")
    pool = WorkPool("etl", pulumi.ResourceOptions(provider=provider), type="process")

    def check(_: Any) -> None:
        assert recorder.seen[0].typ == "pulumi:providers:prefect"
        assert recorder.seen[0].inputs["apiUrl"] == "http://127.0.0.1:4200/api"
        assert "local" in str(recorder.seen[1].provider)

    return pool.id.apply(check)


def test_options_of_another_type_are_refused() -> None:
    with pytest.raises(TypeError, match="ResourceOptions"):
        WorkPool("etl", {"protect": True}, type="process")  # type: ignore[arg-type]


def test_only_pulumi_is_imported() -> None:
    code = "import sys, prefect_pulumi.resources; print('pydantic' in sys.modules, 'prefect' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
