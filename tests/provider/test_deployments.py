"""The deploy step through the provider's lifecycle, with the real `prefect deploy`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from prefect_pulumi.core.errors import PartialFailureError
from prefect_pulumi.core.provider_protocol import Changes, DiffKind
from prefect_pulumi.core.values import UNKNOWN
from prefect_pulumi.deploy.plan.plan import Action, Assessment, Planned
from prefect_pulumi.provider.deploy_step.executor import told
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
        checked = self.provider.check(URN, {}, {"workPools": [self.pool]}, b"")
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
    made = provider.create(pool_urn, inputs, 0, preview=False)
    yield Project(tmp_path, provider, host, pool)
    provider.delete(pool_urn, made.id, inputs, made.outputs, 0)
    provider.close()


def test_every_fault_of_the_file_is_a_failure(project: Project) -> None:
    project.write(entry("one", "nowhere"), entry("two", project.pool, file="missing.py"))
    failures = project.provider.check(URN, {}, {"workPools": [project.pool]}, b"").failures
    assert len(failures) == 2
    assert all("prefect.yaml" in failure.reason for failure in failures)
    (refused,) = project.provider.check(URN, {}, {"fingerprints": {"a": "b"}}, b"").failures
    assert refused.property == "fingerprints"
    (unknown,) = project.provider.check(URN, {}, {"directory": UNKNOWN}, b"").failures
    assert unknown.property == "directory"


def test_pool_outside_the_program_is_asked_of_the_server(project: Project) -> None:
    project.write(entry("one", project.pool))
    assert project.provider.check(URN, {}, {}, b"").failures == ()
    unknown = PrefectProvider(project.root, project.host)
    unknown.configure({"apiUrl": UNKNOWN})
    assert len(unknown.check(URN, {}, {}, b"").failures) == 1


@pytest.mark.e2e
def test_deploy_change_prune_and_delete(project: Project) -> None:
    provider, a, b = project.provider, f"a-{project.tag}", f"b-{project.tag}"
    project.write(entry(a, project.pool), entry(b, project.pool))
    inputs = project.check()
    assert set(inputs["fingerprints"]) == {f"hello/{a}", f"hello/{b}"}
    planned = provider.create(URN, inputs, 0, preview=True)
    assert planned.outputs["deployments"] == {f"hello/{a}": UNKNOWN, f"hello/{b}": UNKNOWN}
    assert project.live() == set()

    made = provider.create(URN, inputs, 0, preview=False)
    assert made.id == "prefect.yaml"
    assert project.live() == {a, b}
    assert any(f"hello/{a}" in line for line in project.host.lines)
    assert provider.diff(URN, made.id, inputs, made.outputs, inputs, ()).changes is Changes.NONE
    assert provider.read(URN, made.id, inputs, made.outputs).outputs == made.outputs

    project.write(entry(a, project.pool, parameter="y"))
    changed = project.check()
    found = provider.diff(URN, made.id, inputs, made.outputs, changed, ())
    assert dict(found.detailed) == {
        f'entries["hello/{a}"].parameters.name': DiffKind.UPDATE,
        f'entries["hello/{b}"]': DiffKind.DELETE,
    }
    outputs = provider.update(URN, made.id, inputs, made.outputs, changed, 0, False, ())
    assert project.live() == {a}
    assert outputs["deployments"] == {f"hello/{a}": made.outputs["deployments"][f"hello/{a}"]}

    provider.connection.client().request("DELETE", f"/deployments/{outputs['deployments'][f'hello/{a}']}")
    read = provider.read(URN, made.id, changed, outputs)
    assert read.outputs["deployments"] == {}
    assert read.inputs["fingerprints"] == {}
    healing = provider.diff(URN, made.id, read.inputs, read.outputs, changed, ())
    assert dict(healing.detailed) == {f'entries["hello/{a}"]': DiffKind.ADD}
    outputs = provider.update(URN, made.id, read.inputs, read.outputs, changed, 0, False, ())
    assert project.live() == {a}

    provider.delete(URN, made.id, changed, outputs, 0)
    assert project.live() == set()
    provider.delete(URN, made.id, changed, outputs, 0)


@pytest.mark.e2e
def test_a_deploy_that_stops_midway_records_what_it_made(project: Project) -> None:
    provider, a, b = project.provider, f"a-{project.tag}", f"b-{project.tag}"
    project.write(entry(a, project.pool), entry(b, project.pool))
    inputs = project.check()
    # The pool of the second one disappears between check and deploy.
    project.write(entry(a, project.pool), entry(b, "vanished"))
    with pytest.raises(PartialFailureError) as caught:
        provider.create(URN, inputs, 0, preview=False)
    assert set(caught.value.outputs["deployments"]) == {f"hello/{a}"}
    assert set(caught.value.outputs["fingerprints"]) == {f"hello/{a}"}
    assert caught.value.outputs["results"][f"hello/{b}"]["result"] == "failed"
    assert "vanished" in caught.value.outputs["results"][f"hello/{b}"]["error"]
    project.write(entry(a, project.pool), entry(b, project.pool))
    again = provider.diff(URN, caught.value.id, inputs, caught.value.outputs, project.check(), ())
    assert again.changes is Changes.SOME
    outputs = provider.update(URN, caught.value.id, inputs, caught.value.outputs, project.check(), 0, False, ())
    assert project.live() == {a, b}
    provider.delete(URN, caught.value.id, inputs, outputs, 0)


@pytest.mark.e2e
def test_a_commit_pins_the_clone_and_is_part_of_the_fingerprint(project: Project) -> None:
    provider, name = project.provider, f"a-{project.tag}"
    project.write(entry(name, project.pool))
    text = (project.root / "prefect.yaml").read_text()
    clone = "pull:\n  - prefect.deployments.steps.git_clone: {repository: https://example.com/x.git, branch: main}\n"
    (project.root / "prefect.yaml").write_text(clone + text.replace("pull:", "definitions:"))
    inputs = provider.check(URN, {}, {"workPools": [project.pool], "commit": "a" * 40}, b"").inputs
    assert inputs["fingerprints"] != project.check()["fingerprints"]
    outputs = provider.create(URN, inputs, 0, preview=False).outputs
    live = provider.connection.client().request("GET", f"/deployments/{outputs['deployments'][f'hello/{name}']}")
    (step,) = live["pull_steps"]
    assert step == {
        "prefect.deployments.steps.git_clone": {"repository": "https://example.com/x.git", "commit_sha": "a" * 40}
    }
    provider.delete(URN, "prefect.yaml", inputs, outputs, 0)
    (refused,) = provider.check(URN, {}, {"commit": "main"}, b"").failures
    assert refused.property == "commit"


def test_a_project_that_moved_is_deployed_again_where_its_folder_is_noted(project: Project, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"

    def both() -> list[dict[str, str]]:
        shutil.copytree(project.root, copy, ignore=shutil.ignore_patterns("elsewhere"), dirs_exist_ok=True)
        elsewhere = PrefectProvider(copy, project.host)
        elsewhere.configure({"apiUrl": project.provider.connection.api_url})
        checked = elsewhere.check(URN, {}, {"workPools": [project.pool]}, b"")
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


def test_two_long_values_are_shown_where_they_differ() -> None:
    url = "https://example.com/a-repository-with-a-long-name.git"
    old, new = ([{"git_clone": {"repository": url, **rest}}] for rest in ({"branch": "main"}, {"commit_sha": "abc"}))
    planned = Planned(Action.UPDATE, changes={("pull_steps",): (old, new), ("version",): ("1", "2")})
    assert list(told(Assessment({"f/d": planned})))[1:] == [
        "    pull_steps: ...'branch': 'main'}}] -> ...'commit_sha': 'abc'}}]",
        "    version: 1 -> 2",
    ]
