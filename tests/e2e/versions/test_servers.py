"""Servers of every minor of Prefect: what a stack has works, or is refused by name before anything is touched.

Each run compares what it finds with `servers/<minor>.json`; `GOLDEN=write` writes it, and the table of docs/servers.md.
"""

from __future__ import annotations

import json
import re
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from prefect_pulumi.api.blocking import BlockingClient
from prefect_pulumi.core.provider_protocol import CheckRequest, DiffKind, ReadRequest, ReadResult
from prefect_pulumi.provider.provider import PrefectProvider
from tests.e2e.engine.test_every_kind import PROGRAM
from tests.provider.lifecycle import Case, Life, referred
from tests.provider.lifecycle_cases import CASES
from tests.support.engines import Embedded
from tests.support.flow_projects import FlowProject
from tests.support.golden import need_golden
from tests.support.hosts import SilentHost
from tests.support.prefect_versions import VERSIONS, PrefectVersion
from tests.support.projects import Project
from tests.support.rest import call

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

RESULTS = Path(__file__).parent / "servers"
PAGE = Path(__file__).parents[3] / "docs" / "servers.md"
TABLE = re.compile(r"(?<=<!-- table -->\n).*(?=<!-- end -->)", re.DOTALL)
TOGETHER = {"collisionStrategy": ("collisionStrategy", "gracePeriodSeconds")}
TRIGGER = "    triggers: [{type: event, name: 'TAG', expect: [order.made], parameters: {name: '{{ event.id }}'}}]\n"
ENTRY = "    schedules: [{slug: hourly, cron: '0 * * * *'}]\n" + TRIGGER
SCHEDULE = {"slug": 'slug=f"slug-{stage}", ', "parameters": 'parameters={"a": stage}, '}

Refused = dict[str, list[str]]


@pytest.mark.matrix
@pytest.mark.parametrize("version", VERSIONS.values(), ids=list(VERSIONS))
def test_a_server(version: PrefectVersion, tmp_path: Path) -> None:
    with version.server(tmp_path) as api_url:
        refused = _every_kind_lives(api_url, tmp_path)
        _a_program_of_all_kinds(api_url, tmp_path, version, refused["DeploymentSchedule"])
        refused["Deployments"] = _flows_are_deployed_and_run(api_url, tmp_path, version)
    need_golden(json.dumps(refused, indent=1) + "\n", RESULTS / f"{version.minor}.json")


def test_the_table_is_that_of_the_runs() -> None:
    files = {minor: RESULTS / f"{minor}.json" for minor in VERSIONS}
    columns = {minor: json.loads(file.read_text()) for minor, file in files.items() if file.exists()}
    lines = [f"| | {' | '.join(columns)} |", f"|---|{'---|' * len(columns)}"]
    for row in next(iter(columns.values()), ()):
        cells = [", ".join(f"no `{name}`" for name in refused[row]) or "yes" for refused in columns.values()]
        lines.append(f"| {row} | {' | '.join(cells)} |")
    need_golden(TABLE.sub(lambda _: "\n".join(lines) + "\n", PAGE.read_text("utf-8")), PAGE)


# Each kind by itself


def _every_kind_lives(api_url: str, folder: Path) -> Refused:
    provider = PrefectProvider(folder, SilentHost())
    provider.configure({"apiUrl": api_url})
    with closing(provider), referred(provider):
        return {case.kind: _lives(provider, case) for case in CASES}


def _lives(provider: PrefectProvider, case: Case) -> list[str]:
    """The properties that are refused; without them its whole life is as on any other server."""
    life = Life(provider, case, uuid4().hex[:8])
    refused = _refused(life)
    for name in refused:
        life.case = _without(life.case, TOGETHER.get(name, (name,)))
    life.inputs = provider.check(CheckRequest(life.urn, new_inputs=life.numbered(life.case.good))).inputs
    life.is_created()
    life.is_read()
    if life.case.human:
        life.is_found_by_its_name(life.case.human.format_map(life.inputs))
    if life.case.replacing:
        life.would_be_replaced()
    if life.case.changed:
        for name in _refused(life, life.inputs):
            life.case = _unchanged(life.case, name)
            refused.append(f"change of {name}")
        life.is_updated()
        _an_edit_is_seen(life)
    life.is_deleted()
    return refused


def _refused(life: Life, old: Any = None) -> list[str]:
    """Properties that the check refuses for this server's sake: of a create, or of an update of `old`."""
    inputs = life.numbered(life.case.good if old is None else life.case.changed)
    failures = life.provider.check(CheckRequest(life.urn, old_inputs=old or {}, new_inputs=inputs)).failures
    assert all("runs Prefect 3." in failure.reason for failure in failures), failures
    return [failure.property for failure in failures]


def _an_edit_is_seen(life: Life) -> None:
    """After a refresh, as one of many reads."""
    (read,) = life.provider.read_many([ReadRequest(life.urn, life.id, life.inputs, life.outputs)])
    assert isinstance(read, ReadResult)
    assert read.outputs == life.outputs


def _without(case: Case, names: tuple[str, ...]) -> Case:
    def kept(inputs: Any) -> dict[str, Any]:
        return {name: value for name, value in inputs.items() if re.split(r"[.\[]", name)[0] not in names}

    details: dict[str, DiffKind] = kept(case.details)
    human = "" if any(f"{{{name}}}" in case.human for name in names) else case.human
    replaces = tuple(name for name in case.replaces if name not in names)
    return replace(
        case,
        good=kept(case.good),
        changed=kept(case.changed),
        details=details,
        replacing=case.replacing if replaces else {},
        replaces=replaces,
        human=human,
        unique=case.unique and bool(human),
    )


def _unchanged(case: Case, name: str) -> Case:
    """The property stays as it was made."""
    changed = {key: value for key, value in case.changed.items() if key != name}
    changed |= {name: case.good[name]} if name in case.good else {}
    details = {path: kind for path, kind in case.details.items() if re.split(r"[.\[]", path)[0] != name}
    return replace(case, changed=changed, details=details)


# Together, through the engine


def _a_program_of_all_kinds(api_url: str, folder: Path, version: PrefectVersion, refused: list[str]) -> None:
    project, n = Project.small(folder / "all kinds", api_url), uuid4().hex[:8]
    engine = Embedded(project)
    program = PROGRAM.replace('Variable(f"variable-', 'Variable(f"variable_')
    program = program.replace(SCHEDULE["slug"], "".join(SCHEDULE.values()))
    project.write(program)
    for name, value in (("n", n), ("stage", "1")):
        project.infra("config", "set", name, value)
    if refused:
        done = project.infra("up", "--yes", check=False)
        assert done.returncode == 2, done.stderr
        for name in refused:
            assert f"'[].{name}'" in done.stderr
            program = program.replace(SCHEDULE[name], "")
        assert f"Prefect {version.version}, which does not take" in done.stderr
        assert call(api_url, "POST", "/work_pools/filter", {"work_pools": {"name": {"any_": [f"pool-{n}"]}}}) == []
        project.write(program)
    engine.up()
    assert engine.changes(refresh=True) == {}
    call(api_url, "PATCH", f"/work_pools/pool-{n}", {"description": "from the UI"})
    assert set(engine.changes(refresh=True)) == {"update"}
    project.infra("config", "set", "stage", "2")
    engine.up(refresh=True)
    assert engine.changes(refresh=True) == {}
    drift = json.loads(project.infra("drift", "--json").stdout)
    assert drift["status"] == "in sync", drift
    checks = json.loads(project.infra("doctor", "--json", check=False).stdout)["checks"]
    (server,) = (check for check in checks if check["name"] == "server")
    assert server["text"].startswith(f"Prefect {version.version}")
    assert server["status"] == ("ok" if version.minor == "3.8" else "warning")
    engine.destroy()
    assert call(api_url, "POST", "/work_pools/filter", {"work_pools": {"name": {"any_": [f"pool-{n}"]}}}) == []


# The deploy step and a worker


def _flows_are_deployed_and_run(api_url: str, folder: Path, version: PrefectVersion) -> list[str]:
    project = Project.small(folder / "flows", api_url)
    with closing(BlockingClient(api_url)) as client:
        flows = FlowProject(Embedded(project), client)
        flows.program()
        flows.write(daily=ENTRY.replace("TAG", flows.tag))
        project.edit("prefect.yaml", "directory: .", f"directory: '{project.root}'")
        done = project.infra("up", "--yes", check=False)
        if done.returncode == 2:
            named = sorted(set(re.findall(r"which does not take '([^']*)'", done.stderr)))
            assert named, done.stderr
            assert client.paged("/work_pools/filter", {"work_pools": {"name": {"any_": [flows.pool]}}}) == []
            return named
        assert done.returncode == 0, done.stderr
        assert flows.engine.changes(refresh=True) == {}
        flows.patch("daily", tags=["ui"])
        assert set(flows.engine.changes(refresh=True)) == {"update"}
        flows.engine.up(refresh=True)
        assert flows.live("daily")["tags"] == []
        with version.worker(flows.pool, api_url, project.root):
            project.infra("run", f"{flows.flow}/daily", "--timeout", "120")
        flows.engine.destroy()
        assert flows.names() == set()
    return []
