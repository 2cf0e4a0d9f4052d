"""What is said of a `prefect.yaml`: a table of broken files, and of those that are well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from prefect_pulumi.core.errors import PreflightError
from prefect_pulumi.deploy.checks.context import DeployContext, references
from prefect_pulumi.deploy.checks.suite import CheckReport, check_all, resolved
from prefect_pulumi.deploy.file.document import Document, plain, read
from prefect_pulumi.deploy.file.loader import normal
from prefect_pulumi.deploy.flows.inspector import ImportResult
from tests.deploy.fixtures import AROUND, CLEAN_UP, ENV, ORDERS, checked, documents, imported, make_repository
from tests.deploy.invalid_files import INVALID_FILES

GIT = "prefect.deployments.steps.git_clone"
WELL = {
    "no deployments": "deployments: []\n",
    "nothing below deployments": "name: x\ndeployments:\n",
    "only steps": f"pull:\n- {GIT}: {{repository: 'https://example.com/flows.git'}}\ndeployments: []\n",
    "a step without a list": ORDERS + f"  pull: {{{GIT}: {{repository: 'https://example.com/flows.git'}}}}\n",
    "no steps in so many words": ORDERS + "  build: {}\n  push: null\n  pull: []\n",
    "an empty schedule": ORDERS + "  schedule: {}\n",
    "a schedule of the old form": CLEAN_UP + "  schedule: {cron: 0 6 * * *}\n",
    "every kind of schedule": CLEAN_UP
    + "  schedules:\n  - {cron: '@daily', day_or: false}\n  - {interval: 900, anchor_date: '2026-01-01'}\n"
    "  - {interval: '01:30:00'}\n  - {interval: PT15M, active: '{{ prefect.variables.live }}'}\n"
    "  - {rrule: 'FREQ=DAILY;COUNT=3'}\n",
    "anchors under a free key": "x-pool: &pool {name: etl}\n.tags: &tags [a]\n"
    + ORDERS.replace("{name: etl}", "*pool")
    + "  tags: *tags\n",
    "a bare limit": ORDERS + "  concurrency_limit: 3\n",
    "a value from the environment": ORDERS + "  parameters: {day: '{{ $DAY }}'}\n  version: 'v{{ $DAY }}'\n",
    "a value from a variable": ORDERS + "  parameters: {region: '{{ prefect.variables.region }}', "
    "limit: '{{ prefect.variables.limit }}'}\n",
    "a value from a block that is no secret": ORDERS + "  parameters: {labels: '{{ prefect.blocks.json.settings }}'}\n",
    "a field of a block that is no secret": ORDERS + "  description: '{{ prefect.blocks.warehouse.dwh.host }}'\n",
    "an output of a step": ORDERS
    + "  build:\n  - prefect.deployments.steps.run_shell_script: {id: sha, script: git rev-parse HEAD}\n"
    "  version: '{{ sha.stdout }}'\n  tags: ['v-{{ stdout }}']\n",
    "a template of the run": ORDERS + "  description: '{{ ctx.flow_run.name }}'\n",
    "an event's value": CLEAN_UP + "  triggers: [{expect: [x], parameters: {days: '{{ event.payload.days }}'}}]\n",
    "a date that YAML makes": ORDERS + "  parameters: {day: 2026-01-01}\n",
    "parameters that nobody checks": ORDERS + "  parameters: {dai: 1, limit: x}\n  enforce_parameter_schema: false\n",
    "a secret in a pull step": ORDERS + f"  pull:\n  - {GIT}: {{repository: 'https://example.com/flows.git', "
    "access_token: '{{ prefect.blocks.secret.api-token }}'}\n",
    "a queue": ORDERS.replace("{name: etl}", "{name: etl, work_queue_name: priority}"),
    "the default queue": ORDERS.replace("{name: etl}", "{name: etl, work_queue_name: default}"),
    "no pull steps in an image": ORDERS.replace("{name: etl}", "{name: boxes}") + "  pull: []\n",
    "an image that is built": ORDERS.replace("{name: etl}", "{name: boxes}")
    + "  build:\n  - prefect_docker.deployments.steps.build_docker_image: {id: image, image_name: flows, tag: v1, "
    "dockerfile: auto}\n  version: '{{ image.tag }}'\n",
    "compound triggers": CLEAN_UP + "  triggers:\n  - type: compound\n    require: all\n    within: 60\n"
    "    enabled: '{{ prefect.variables.live }}'\n"
    "    triggers:\n    - {expect: [a]}\n    - {type: sequence, triggers: [{expect: [b]}]}\n",
    "a module of a package": ORDERS.replace("flows/orders.py:import_orders", "company.reports.weekly:weekly"),
    "a module of the top folder": ORDERS.replace("flows/orders.py:import_orders", "topmod:run"),
    "a module without a colon": ORDERS.replace("flows/orders.py:import_orders", "company.reports.weekly.weekly"),
    "a flow of a class of a module": ORDERS.replace(
        "flows/orders.py:import_orders", "flows.etl.nightly:Jobs.of_a_class"
    ),
    "a flow of a class": ORDERS.replace("flows/orders.py:import_orders", "flows/etl/nightly.py:Jobs.of_a_class"),
}
FROM_SOURCE = "Prefect reads the flow from its source, so types and defaults that need the import are not checked"
WARNED = {
    "a variable that the worker has": (
        ORDERS + f"  pull:\n  - {GIT}: {{repository: 'https://example.com/flows.git', branch: '{{{{ $BRANCH }}}}'}}\n",
        "line 6: deployments[0].pull[0].prefect.deployments.steps.git_clone.branch: the environment variable BRANCH is "
        "not set here; the worker that pulls the code must have it",
    ),
    "a schedule twice": (
        CLEAN_UP + "  schedules:\n  - {cron: 0 6 * * *}\n  - {cron: 0 6 * * *, parameters: {}, active: false}\n",
        "line 8: deployments[0].schedules[1]: it makes each run of schedules[0] a second time; delete one of the two",
    ),
    "a step that only the worker has": (
        ORDERS + "  pull:\n  - prefect_aws.deployments.steps.pull_from_s3: {bucket: flows, folder: all}\n",
        "line 6: deployments[0].pull[0].prefect_aws.deployments.steps.pull_from_s3: prefect_aws is not installed here, "
        "so its arguments are not checked; the worker needs it",
    ),
    "an import that asks for a server": (
        ORDERS.replace("flows/orders.py:import_orders", "flows/server.py:run"),
        "line 3: deployments[0].entrypoint: its import asks for a Prefect server, so its parameters are not checked; "
        "move the call into the flow (flows/server.py line 4: ValueError: No Prefect API URL provided. Please set "
        "PREFECT_API_URL to the address of a running Prefect server.)",
    ),
    "a package that only the workers have": (
        ORDERS.replace("flows/orders.py:import_orders", "flows/elsewhere.py:run") + "  parameters: {limit: 2}\n",
        "line 3: deployments[0].entrypoint: a_package_of_the_workers is not installed here (worker_packages names it), "
        "so the flow is read from its source, without the types and defaults that need it; the worker needs it",
    ),
    "a package that the project requires": (
        ORDERS.replace("flows/orders.py:import_orders", "flows/required.py:run") + "  parameters: {limit: 2}\n",
        "line 3: deployments[0].entrypoint: listed_package is not installed here (requirements.txt names it), so the "
        "flow is read from its source, without the types and defaults that need it; the worker needs it",
    ),
    "a half of a namespace package": (
        ORDERS.replace("flows/orders.py:import_orders", "flows/half.py:run") + "  parameters: {limit: 2}\n",
        "line 3: deployments[0].entrypoint: it cannot be imported: flows/half.py line 1: ModuleNotFoundError: No "
        f"module named 'acme.cloud'; {FROM_SOURCE}; install it here, or list it in worker_packages when only the "
        "workers have it",
    ),
    "a name of another half of a namespace package": (
        ORDERS.replace("flows/orders.py:import_orders", "flows/other_half.py:run") + "  parameters: {limit: x}\n",
        "line 3: deployments[0].entrypoint: it cannot be imported: flows/other_half.py line 1: ImportError: cannot "
        f"import name 'lake' from 'acme' (unknown location); {FROM_SOURCE}; install it here, or list it in "
        "worker_packages when only the workers have it",
    ),
    "an import that fails": (
        ORDERS.replace("flows/orders.py:import_orders", "flows/broken.py:run"),
        "line 3: deployments[0].entrypoint: it cannot be imported: flows/broken.py line 3: KeyError: 'x'; "
        f"{FROM_SOURCE}",
    ),
    "a flow outside of the folder": (
        ORDERS.replace("flows/orders.py:import_orders", "../outside.py:run"),
        "line 3: deployments[0].entrypoint: ../outside.py lies outside of ROOT, the folder that is deployed: a run "
        "finds it only where the same path leads to it",
    ),
    "a flow_name that is not the flow's": (
        ORDERS + "  flow_name: others\n",
        "line 5: deployments[0].flow_name: the flow calls itself 'import-orders', and Prefect takes that; take "
        "flow_name out, or name the flow so",
    ),
    "an anchor of a cron line": (
        CLEAN_UP + "  schedules: [{cron: 0 6 * * *, anchor_date: '2026-01-01'}]\n",
        "line 6: deployments[0].schedules[0].anchor_date: anchor_date belongs to an interval; Prefect ignores it "
        "beside cron",
    ),
    "days of an interval": (
        CLEAN_UP + "  schedule: {interval: 3600, day_or: false}\n",
        "line 6: deployments[0].schedule.day_or: day_or belongs to cron; Prefect ignores it beside interval",
    ),
    "a version of the file": ("version: 3.0\n" + ORDERS, "line 1: version: Prefect ignores this key; take it out"),
    "anchors": (
        "anchors: {pool: &pool {name: etl}}\n" + ORDERS.replace("{name: etl}", "*pool"),
        "line 1: anchors: Prefect ignores this key; take it out, or let it begin with x- when it only holds anchors",
    ),
    "a key that nobody knows": (
        ORDERS + "  environment: {A: b}\n",
        "line 5: deployments[0].environment: Prefect ignores this key; take it out",
    ),
    "a schedule's switch of Prefect 2": (
        ORDERS + "  is_schedule_active: false\n",
        "line 5: deployments[0].is_schedule_active: Prefect 3 ignores this key of Prefect 2; write paused for the "
        "deployment, or active for one schedule",
    ),
    "overrides of Prefect 2": (
        ORDERS + "  infra_overrides: {env: {}}\n",
        "line 5: deployments[0].infra_overrides: Prefect 3 ignores this key of Prefect 2; write job_variables under "
        "work_pool",
    ),
    "a key of an anchor that nobody knows": (
        "x-all: &all {work_pool: {name: etl}, colour: red}\ndeployments:\n"
        "- {<<: *all, name: a, entrypoint: 'topmod:run'}\n- {<<: *all, name: b, entrypoint: 'topmod:run'}\n",
        "line 1: deployments[0].colour: Prefect ignores this key; take it out (the line also serves deployments[1] "
        "(b))",
    ),
    "a default that does not fit": (
        ORDERS.replace("flows/orders.py:import_orders", "flows/default.py:run"),
        "line 3: deployments[0].entrypoint: the flow's own default of limit does not fit it: give a whole number, not "
        "'many'",
    ),
}
ALL = {name: text for table in (INVALID_FILES, WARNED) for name, (text, _) in table.items()} | WELL

Check = Callable[[str], CheckReport]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_repository(tmp_path_factory.mktemp("flows") / "repository")


@pytest.fixture(scope="module")
def read_files() -> dict[str, Document | PreflightError]:
    return documents(ALL)


@pytest.fixture(scope="module")
def flows(root: Path, read_files: dict[str, Document | PreflightError]) -> dict[str, ImportResult]:
    """All that the tables name, imported by one child (and by two more: one import hangs, one kills it)."""
    return imported(root, read_files, root / ".infra" / "flows.json")


@pytest.fixture
def check(root: Path, read_files: dict[str, Document | PreflightError], flows: dict[str, ImportResult]) -> Check:
    def checked_file(name: str) -> CheckReport:
        document = read_files[name]
        if isinstance(document, PreflightError):
            return CheckReport((), {}, document.faults, ())
        return checked(document, root, flows)

    return checked_file


@pytest.mark.parametrize("name", INVALID_FILES)
def test_broken(name: str, check: Check, root: Path) -> None:
    assert [fault.replace(str(root), "ROOT") for fault in check(name).faults] == INVALID_FILES[name][1]


@pytest.mark.parametrize("name", WELL)
def test_well(name: str, check: Check) -> None:
    found = check(name)
    assert found.faults == ()
    assert found.warnings == ()


@pytest.mark.parametrize("name", WARNED)
def test_warned(name: str, check: Check, root: Path) -> None:
    found = check(name)
    assert found.faults == ()
    assert [warning.replace(str(root), "ROOT") for warning in found.warnings] == [WARNED[name][1]]


def test_a_strict_stack_refuses_what_is_a_warning(
    root: Path, read_files: dict[str, Document | PreflightError], flows: dict[str, ImportResult]
) -> None:
    for name, stops in (
        ("anchors", True),
        ("an import that fails", True),
        ("a package that the project requires", False),
    ):
        document = read_files[name]
        assert isinstance(document, Document)
        strict = replace(AROUND, strict=True)
        found = check_all(document, document.data, root, flows=flows, context=strict, env=ENV)
        said = f"{WARNED[name][1]} (a warning without `strict: true`)" if stops else WARNED[name][1]
        assert (found.faults, found.warnings) == (((said,), ()) if stops else ((), (said,)))


def test_the_repository_is_well(root: Path) -> None:
    document = read(root / "prefect.yaml")
    found = checked(document, root, imported(root, {"": document}, root / ".infra" / "repository.json"))
    assert found.faults == ()
    assert found.warnings == ()
    assert found.names == (
        "import-orders/orders",
        "clean-up/clean-up",
        "nightly/nightly",
        "of-a-class/of-a-class",
        "weekly/weekly",
    )


def test_names_are_told_although_other_entries_are_broken(check: Check) -> None:
    assert check("deployment twice").names == ("import-orders/a", "import-orders/a")
    assert check("file that is not there").names == ("",)
    assert check("name that is a number").names == ("",)


def test_what_a_silent_server_may_have_is_a_warning(root: Path, flows: dict[str, ImportResult]) -> None:
    text = ORDERS.replace("{name: etl}", "{name: elsewhere, work_queue_name: fast}") + (
        "  description: '{{ prefect.blocks.json.there }} {{ prefect.variables.there }}'\n"
    )
    (document,) = documents({"": text}).values()
    assert isinstance(document, Document)
    context = DeployContext(unanswered="http://prefect/api does not answer (no connection)")
    found = check_all(document, document.data, root, flows=flows, context=context, env=ENV)
    assert found.faults == ()
    assert found.warnings == (
        "line 4: deployments[0].work_pool.name: the work pool 'elsewhere' was not looked for: http://prefect/api does "
        "not answer (no connection)",
        "line 5: deployments[0].description: the block json/there was not looked for: http://prefect/api does not "
        "answer (no connection)",
        "line 5: deployments[0].description: the variable there was not looked for: http://prefect/api does not answer "
        "(no connection)",
    )


def test_what_may_be_stored_in_clear_is_let_through(root: Path, flows: dict[str, ImportResult]) -> None:
    text = ORDERS + "  description: '{{ $API_TOKEN }} {{ prefect.blocks.secret.api-token }}'\n"
    (document,) = documents({"": text}).values()
    assert isinstance(document, Document)
    context = DeployContext(
        pools=AROUND.pools, blocks=AROUND.blocks, plain=frozenset({"API_TOKEN", "secret/api-token"})
    )
    found = check_all(document, document.data, root, flows=flows, context=context, env=ENV)
    assert found.faults == ()


def test_no_value_of_the_environment_is_said(check: Check) -> None:
    for name in INVALID_FILES:
        said = "\n".join(check(name).faults)
        assert ENV["API_TOKEN"] not in said
        assert "hunter2" not in said


def test_what_is_malformed_has_references_all_the_same(read_files: dict[str, Document | PreflightError]) -> None:
    for document in read_files.values():
        if isinstance(document, Document):
            references(resolved(plain(normal(document.data)), ENV))


def test_references_and_resolution() -> None:
    raw = {
        "pull": [{GIT: {"repository": "x", "access_token": "{{ prefect.blocks.secret.git }}"}}],
        "deployments": [
            {
                "name": "{{ $NAME }}-{{ prefect.variables.stage }}",
                "work_pool": {"name": "{{ $POOL }}", "work_queue_name": "fast"},
                "parameters": {"n": "{{ prefect.variables.n }}", "x": {"$ref": {"block_document_id": "id"}}},
                "build": [{"a.b": {"x": "{{ $NAME }}"}}],
            }
        ],
    }
    done = resolved(raw, {"NAME": "daily", "POOL": "etl"}, {"n": 3})
    (entry,) = done["deployments"]
    assert entry["name"] == "daily-{{ prefect.variables.stage }}"
    assert entry["parameters"]["n"] == 3
    assert entry["build"] == raw["deployments"][0]["build"]
    wanted = references(done)
    assert wanted.pools == {"etl"}
    assert wanted.queues == {("etl", "fast")}
    assert wanted.blocks == {("secret", "git")}
    assert wanted.block_ids == {"id"}
    assert wanted.variables == {"stage"}
