"""The deploy step through the provider's lifecycle, with the real `prefect deploy`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from prefect_pulumi.core.errors import PartialFailureError
from prefect_pulumi.core.provider_protocol import (
    Changes,
    CheckRequest,
    CreateRequest,
    DeleteRequest,
    DiffKind,
    DiffRequest,
    ReadRequest,
    UpdateRequest,
)
from prefect_pulumi.core.values import UNKNOWN
from prefect_pulumi.deploy.plan.plan import Action, Assessment, PlannedDeployment, Recreated
from prefect_pulumi.provider.deploy_step.executor import plan_lines
from prefect_pulumi.provider.provider import PrefectProvider

URN = "urn:pulumi:dev::project::prefect:index:Deployments::flows"
FLOW = """from prefect import flow


@flow
def hello(name: str = "x") -> str:
    return name
"""


class Host:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def log(self, severity: str, message: str, urn: str = "") -> None:
        self.lines.append(message)


def entry(name: str, pool: str, *, file: str = "hello.py", parameter: str = "x") -> str:
    return (
        f"  - name: {name}\n    entrypoint: {file}:hello\n    parameters: {{name: {parameter}}}\n"
        f"    work_pool: {{name: {pool}}}\n"
    )


class Project:
    def __init__(self, root: Path, provider: PrefectProvider, host: Host, pool: str) -> None:
        self.root, self.provider, self.host, self.pool = root, provider, host, pool
        self.tag = pool.removeprefix("pool-")
        (root / "hello.py").write_text(FLOW)

    def write(self, *entries: str) -> None:
        pull = "pull:\n  - prefect.deployments.steps.set_working_directory: {directory: .}\n"
        (self.root / "prefect.yaml").write_text(f"name: test\n{pull}deployments:\n{''.join(entries)}")

    def check(self) -> dict[str, Any]:
        checked = self.provider.check(CheckRequest(URN, new_inputs={"workPools": [self.pool]}))
        assert checked.failures == ()
        return checked.inputs

    def live(self) -> set[str]:
        rows = self.provider.connection.client().paged("/deployments/filter")
        return {row["name"] for row in rows if row["work_pool_name"] == self.pool}


@pytest.fixture
def project(tmp_path: Path, prefect_server: str) -> Iterator[Project]:
    host = Host()
    provider = PrefectProvider(tmp_path, host)
    provider.configure({"apiUrl": prefect_server})
    pool = f"pool-{uuid4().hex[:8]}"
    pool_urn = "urn:pulumi:dev::project::prefect:index:WorkPool::pool"
    inputs = {"name": pool, "type": "process"}
    made = provider.create(CreateRequest(pool_urn, inputs))
    yield Project(tmp_path, provider, host, pool)
    provider.delete(DeleteRequest(pool_urn, made.id, inputs, made.outputs))
    provider.close()


def test_every_fault_of_the_file_is_a_failure(project: Project) -> None:
    project.write(entry("one", "nowhere"), entry("two", project.pool, file="missing.py"))
    failures = project.provider.check(CheckRequest(URN, new_inputs={"workPools": [project.pool]})).failures
    assert len(failures) == 2
    assert all("prefect.yaml" in failure.reason for failure in failures)
    (refused,) = project.provider.check(CheckRequest(URN, new_inputs={"fingerprints": {"a": "b"}})).failures
    assert refused.property == "fingerprints"
    (unknown,) = project.provider.check(CheckRequest(URN, new_inputs={"directory": UNKNOWN})).failures
    assert unknown.property == "directory"


def test_pool_outside_the_program_is_asked_of_the_server(project: Project) -> None:
    project.write(entry("one", project.pool))
    assert project.provider.check(CheckRequest(URN, new_inputs={})).failures == ()
    unknown = PrefectProvider(project.root, project.host)
    unknown.configure({"apiUrl": UNKNOWN})
    assert len(unknown.check(CheckRequest(URN, new_inputs={})).failures) == 1


@pytest.mark.e2e
def test_deploy_change_prune_and_delete(project: Project) -> None:
    provider, a, b = project.provider, f"a-{project.tag}", f"b-{project.tag}"
    project.write(entry(a, project.pool), entry(b, project.pool))
    inputs = project.check()
    assert set(inputs["fingerprints"]) == {f"hello/{a}", f"hello/{b}"}
    planned = provider.create(CreateRequest(URN, inputs, preview=True))
    assert planned.outputs["deployments"] == {f"hello/{a}": UNKNOWN, f"hello/{b}": UNKNOWN}
    assert project.live() == set()

    made = provider.create(CreateRequest(URN, inputs))
    assert made.id == "prefect.yaml"
    assert project.live() == {a, b}
    assert any(f"hello/{a}" in line for line in project.host.lines)
    assert (
        provider.diff(DiffRequest(URN, made.id, old_inputs=inputs, old_outputs=made.outputs, new_inputs=inputs)).changes
        is Changes.NONE
    )
    assert provider.read(ReadRequest(URN, made.id, inputs, made.outputs)).outputs == made.outputs

    project.write(entry(a, project.pool, parameter="y"))
    changed = project.check()
    found = provider.diff(DiffRequest(URN, made.id, old_inputs=inputs, old_outputs=made.outputs, new_inputs=changed))
    assert dict(found.detailed) == {
        f'entries["hello/{a}"].parameters.name': DiffKind.UPDATE,
        f'entries["hello/{b}"]': DiffKind.DELETE,
    }
    outputs = provider.update(
        UpdateRequest(URN, made.id, old_inputs=inputs, old_outputs=made.outputs, new_inputs=changed)
    )
    assert project.live() == {a}
    assert outputs["deployments"] == {f"hello/{a}": made.outputs["deployments"][f"hello/{a}"]}

    provider.connection.client().request("DELETE", f"/deployments/{outputs['deployments'][f'hello/{a}']}")
    read = provider.read(ReadRequest(URN, made.id, changed, outputs))
    assert read.outputs["deployments"] == {}
    assert read.inputs["fingerprints"] == {}
    healing = provider.diff(
        DiffRequest(URN, made.id, old_inputs=read.inputs, old_outputs=read.outputs, new_inputs=changed)
    )
    assert dict(healing.detailed) == {f'entries["hello/{a}"]': DiffKind.ADD}
    outputs = provider.update(
        UpdateRequest(URN, made.id, old_inputs=read.inputs, old_outputs=read.outputs, new_inputs=changed)
    )
    assert project.live() == {a}

    provider.delete(DeleteRequest(URN, made.id, changed, outputs))
    assert project.live() == set()
    provider.delete(DeleteRequest(URN, made.id, changed, outputs))


@pytest.mark.e2e
def test_a_deploy_that_stops_midway_records_what_it_made(project: Project) -> None:
    provider, a, b = project.provider, f"a-{project.tag}", f"b-{project.tag}"
    # The program lists the pool of the second one, which is gone when it is deployed.
    project.write(entry(a, project.pool), entry(b, "vanished"))
    inputs = provider.check(CheckRequest(URN, new_inputs={"workPools": [project.pool, "vanished"]})).inputs
    with pytest.raises(PartialFailureError) as caught:
        provider.create(CreateRequest(URN, inputs))
    assert set(caught.value.outputs["deployments"]) == {f"hello/{a}"}
    assert set(caught.value.outputs["fingerprints"]) == {f"hello/{a}"}
    assert caught.value.outputs["results"][f"hello/{b}"]["result"] == "failed"
    assert "vanished" in caught.value.outputs["results"][f"hello/{b}"]["error"]
    project.write(entry(a, project.pool), entry(b, project.pool))
    again = provider.diff(
        DiffRequest(
            URN, caught.value.id, old_inputs=inputs, old_outputs=caught.value.outputs, new_inputs=project.check()
        )
    )
    assert again.changes is Changes.SOME
    outputs = provider.update(
        UpdateRequest(
            URN, caught.value.id, old_inputs=inputs, old_outputs=caught.value.outputs, new_inputs=project.check()
        )
    )
    assert project.live() == {a, b}
    provider.delete(DeleteRequest(URN, caught.value.id, inputs, outputs))


@pytest.mark.e2e
def test_a_commit_pins_the_clone_and_is_part_of_the_fingerprint(project: Project) -> None:
    provider, name = project.provider, f"a-{project.tag}"
    project.write(entry(name, project.pool))
    text = (project.root / "prefect.yaml").read_text()
    clone = "pull:\n  - prefect.deployments.steps.git_clone: {repository: https://example.com/x.git, branch: main}\n"
    (project.root / "prefect.yaml").write_text(clone + text.replace("pull:", "definitions:"))
    inputs = provider.check(CheckRequest(URN, new_inputs={"workPools": [project.pool], "commit": "a" * 40})).inputs
    assert inputs["fingerprints"] != project.check()["fingerprints"]
    outputs = provider.create(CreateRequest(URN, inputs)).outputs
    live = provider.connection.client().request("GET", f"/deployments/{outputs['deployments'][f'hello/{name}']}")
    (step,) = live["pull_steps"]
    assert step == {
        "prefect.deployments.steps.git_clone": {"repository": "https://example.com/x.git", "commit_sha": "a" * 40}
    }
    provider.delete(DeleteRequest(URN, "prefect.yaml", inputs, outputs))
    (refused,) = provider.check(CheckRequest(URN, new_inputs={"commit": "main"})).failures
    assert refused.property == "commit"


def test_a_project_that_moved_is_deployed_again_where_its_folder_is_noted(project: Project, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"

    def both() -> list[dict[str, str]]:
        shutil.copytree(project.root, copy, ignore=shutil.ignore_patterns("elsewhere"), dirs_exist_ok=True)
        elsewhere = PrefectProvider(copy, project.host)
        elsewhere.configure({"apiUrl": project.provider.connection.api_url})
        checked = elsewhere.check(CheckRequest(URN, new_inputs={"workPools": [project.pool]}))
        elsewhere.close()
        return [project.check()["fingerprints"], checked.inputs["fingerprints"]]

    project.write(entry("moved", project.pool))
    here, there = both()
    assert here == there  # its pull step says where the flow is
    text = (project.root / "prefect.yaml").read_text()
    (project.root / "prefect.yaml").write_text("name: test\n" + text[text.index("deployments:") :])
    here, there = both()
    assert here.keys() == there.keys()
    assert here != there


@pytest.mark.parametrize(
    ("planned", "line"),
    [
        (
            PlannedDeployment(Action.UPDATE, runs_lost=2, recreated=Recreated.ALL),
            "2 scheduled runs deleted, recreated immediately",
        ),
        (PlannedDeployment(Action.UPDATE, runs_lost=1), "1 scheduled run deleted"),
        (PlannedDeployment(Action.PRUNE, runs_lost=3), "3 scheduled runs deleted"),
        (
            PlannedDeployment(Action.UPDATE, runs_lost=2, recreated=Recreated.SOME, per_day=(24, 288)),
            "2 scheduled runs deleted, those of schedules that stay are recreated immediately; runs per day 24 -> 288",
        ),
        (
            PlannedDeployment(Action.UPDATE, per_day=(24, 0)),
            "runs per day 24 -> 0; its schedules make no runs any more",
        ),
    ],
)
def test_the_impact_stands_beside_the_action(planned: PlannedDeployment, line: str) -> None:
    (shown, *_) = plan_lines(Assessment({"f/d": planned}))
    assert shown.endswith(f" f/d ({line})")


def test_two_long_values_are_shown_where_they_differ() -> None:
    url = "https://example.com/a-repository-with-a-long-name.git"
    old, new = ([{"git_clone": {"repository": url, **rest}}] for rest in ({"branch": "main"}, {"commit_sha": "abc"}))
    planned = PlannedDeployment(Action.UPDATE, changes={("pull_steps",): (old, new), ("version",): ("1", "2")})
    assert list(plan_lines(Assessment({"f/d": planned})))[1:] == [
        "    pull_steps: ...'branch': 'main'}}] -> ...'commit_sha': 'abc'}}]",
        "    version: 1 -> 2",
    ]
