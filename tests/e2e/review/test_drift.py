"""`infra drift` against a real server: each kind of out-of-band change, in its place; and that nothing is written."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from prefect_pulumi.review.model import Class
from prefect_pulumi.review.renderers.document import from_json
from prefect_pulumi.review.renderers.text import render
from prefect_pulumi.state.stack_objects import COMMANDS
from tests.support.drift_cases import CASES, LIVE, NEW, NONE, PROGRAM, Api, Case, S
from tests.support.engines import find_pulumi
from tests.support.golden import need_golden
from tests.support.projects import Project
from tests.support.recorder import Recorder
from tests.support.rest import call

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@dataclass(frozen=True)
class Setting:
    n: str
    project: Any
    api: Api
    recorder: Any

    @property
    def state(self) -> Path:
        found: Path = self.project.root / ".infra" / "state"
        return found

    def drift(self, format: str) -> tuple[int, str]:
        done = self.project.infra("drift", "--format", format, check=False)
        assert done.stdout, done.stderr
        return done.returncode, done.stdout


@dataclass(frozen=True)
class Drifted:
    """`calm`: exit code and report before anything was changed; `reports`: format -> exit code and report after."""

    setting: Setting
    calm: tuple[int, str]
    reports: dict[str, tuple[int, str]]
    writes: list[tuple[str, str]]
    calls: int
    untouched: bool

    def item(self, kind: str, name: str) -> dict[str, Any]:
        items = json.loads(self.reports["json"][1])["environments"][0]["items"]
        found = [item for item in items if (item["kind"], item["name"]) == (kind, name.replace("{n}", self.setting.n))]
        assert len(found) == 1, [(item["kind"], item["name"]) for item in items]
        one: dict[str, Any] = found[0]
        return one


def _hash(folder: Path) -> str:
    """Of all that is beside the state, but for the history, which tells of the report."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.name == f"dev{COMMANDS}":
            continue
        digest.update(str(path.relative_to(folder)).encode())
        if path.is_file():
            digest.update(path.read_bytes())
            digest.update(str(path.stat().st_mtime_ns).encode())
    return digest.hexdigest()


@pytest.fixture(scope="module")
def drifted(prefect_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drifted]:
    """A project with every kind, applied through the recorder, so that its state names the recorder's address; then
    all changes made at once, and one look at them in each format."""
    n = uuid4().hex[:8]
    with Recorder(prefect_server) as recorder:
        project = Project.small(tmp_path_factory.mktemp("drift") / "a project", recorder.url, PROGRAM)
        project.infra("config", "set", "n", n)
        project.infra("up", "--yes")
        setting = Setting(n, project, Api(prefect_server), recorder)
        recorder.seen.clear()
        before = _hash(setting.state)
        (project.root / "review.yaml").write_text("unmanaged: hide\n")
        calm = setting.drift("junit")
        (project.root / "review.yaml").unlink()
        for case in CASES:
            case.make(setting.api, n)
        looked = len(recorder.seen)
        reports = {format: setting.drift(format) for format in ("json", "text")}
        calls = (len(recorder.seen) - looked) // len(reports)
        report = from_json(reports["json"][1])
        for format in ("markdown", "html", "junit"):
            reports[format] = (3, import_module(f"prefect_pulumi.review.renderers.{format}").render(report))
        setting.api.client.close()
        yield Drifted(setting, calm, reports, recorder.writes, calls, _hash(setting.state) == before)


def test_in_sync_is_0(drifted: Drifted) -> None:
    code, report = drifted.calm
    assert code == 0
    assert 'failures="0"' in report


def test_drift_is_3(drifted: Drifted) -> None:
    assert {code for code, _ in drifted.reports.values()} == {3}


def test_nothing_is_written_but_the_history(drifted: Drifted) -> None:
    assert drifted.setting.recorder.seen
    assert drifted.writes == []
    assert drifted.untouched


def test_few_calls(drifted: Drifted) -> None:
    """One for each list, one for the version, and what has no list: flows, block types, block schemas."""
    assert drifted.calls <= 16


def test_no_secret_is_shown(drifted: Drifted) -> None:
    for _, report in drifted.reports.values():
        assert "s3cret" not in report


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what.replace(" ", "-"))
def test_each_change_is_in_its_place(drifted: Drifted, case: Case) -> None:
    item = drifted.item(case.kind, case.name)
    assert item["cls"] == case.cls
    assert set(case.flags) <= {impact["flag"] for impact in item["impacts"]}
    found = {change["path"]: change for change in item["fields"]}
    for path, sides in case.fields.items():
        change = found[path]
        assert change["cls"] == case.cls
        for side, wanted in zip(("applied", "live"), sides, strict=True):
            wanted = wanted.replace("{n}", drifted.setting.n) if isinstance(wanted, str) else wanted
            words = {"secret": S, "absent": NONE}
            assert words.get(change[side]["kind"], change[side]["value"]) == wanted, path
        assert change["code"] == change["applied"]
    expected = {path for each in CASES if (each.kind, each.name) == (case.kind, case.name) for path in each.fields}
    assert expected == set(found) - {"id"} or case.what == "rule and time zone of a schedule"
    if case.cls != NEW:
        assert [remedy["kind"] for remedy in item["remedies"]] == ["adopt", "revert", "accept"]
    if case.cls == LIVE and case.fields:
        polled = case.kind == "WorkQueue"  # the row changes with every poll of a worker; its events count
        edit_time = item["facts"]["updated"]
        assert edit_time > item["facts"]["created"] or (polled and edit_time == "")


def test_a_recreated_object_has_another_id(drifted: Drifted) -> None:
    item = drifted.item("Variable", "remade_{n}")
    assert [change["path"] for change in item["fields"]] == ["id"]
    assert "recreated outside the code" in item["note"]


def test_nothing_else_is_reported(drifted: Drifted) -> None:
    items = json.loads(drifted.reports["json"][1])["environments"][0]["items"]
    n = drifted.setting.n
    expected = {(case.kind, case.name.replace("{n}", n)) for case in CASES}
    found = {(item["kind"], item["name"]) for item in items if n in item["name"] or item["cls"] != NEW}
    assert found == expected


@pytest.mark.self_hosted  # the report names the server's version
def test_the_report_of_all_kinds_of_change_reads_as_this(drifted: Drifted) -> None:
    """What a server decides (ids, times, its address) is left out."""
    assert len(CASES) >= 46
    n, report = drifted.setting.n, from_json(drifted.reports["json"][1])
    environment = report.environments[0]
    items = tuple(item for item in environment.items if n in item.name or item.cls is not Class.UNMANAGED_LIVE)
    text = render(replace(report, environments=(replace(environment, items=items, notes=()),)))
    for pattern, word in (
        (re.escape(n), "NNN"),
        (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID"),
        (r", (created|updated|deleted) \d{4}-[^),\n]+(, \d+ minutes? ago)?", ""),
        (r"\((created|updated|deleted) \d{4}-[^),\n]+(, \d+ minutes? ago)?\)", "()"),
        (r"http://\S+ \(Prefect [^)]+\), commit .*", "SERVER"),
    ):
        text = re.sub(pattern, word, text)
    need_golden(text, Path(__file__).parent / "golden" / "drift.txt")


@pytest.mark.matrix
def test_the_official_cli_says_the_same(drifted: Drifted) -> None:
    """The way of stacks in Pulumi Cloud or S3, forced on this one: preview and refresh of the Automation API."""
    cli = find_pulumi()
    if cli is None:
        pytest.skip("no official CLI: `make pulumi` builds it where Go is installed")
    project, recorder = drifted.setting.project, drifted.setting.recorder
    recorder.seen.clear()
    env = {
        "PATH": f"{cli.parent}{os.pathsep}{os.environ['PATH']}",
        "PULUMI_HOME": str(project.root / ".infra" / "home"),
    }
    before = _hash(drifted.setting.state)
    done = project.infra("drift", "--cli", "--json", check=False, env=env)
    assert done.returncode == 3, done.stdout + done.stderr
    found = json.loads(done.stdout)["environments"][0]
    assert found["notes"] == ["read through the official CLI"]
    assert "s3cret" not in done.stdout
    assert recorder.writes == []
    assert _hash(drifted.setting.state) == before

    def told(environment: dict[str, Any]) -> dict[str, Any]:
        kept = ("cls", "action", "name", "fields", "facts", "impacts", "note")
        for item in environment["items"]:  # the server writes its events some seconds after the change
            item["facts"] |= {"deleted": "", "deleted_by": ""}
        return {item["key"]: {name: item[name] for name in kept} for item in environment["items"]}

    mine = told(json.loads(drifted.reports["json"][1])["environments"][0])
    theirs = told(found)
    # The CLI masks a block's data as a whole, so that it cannot say which of its keys differs.
    mine = json.loads(json.dumps(mine).replace("data.password", "data"))
    n = drifted.setting.n
    assert {key: value for key, value in theirs.items() if n in key} == {k: v for k, v in mine.items() if n in k}


def test_a_revert_renames_a_queue_back(drifted: Drifted, prefect_server: str) -> None:
    queue = drifted.item("WorkQueue", "pool-{n}/old-queue")
    command = next(remedy["command"] for remedy in queue["remedies"] if remedy["kind"] == "revert")
    drifted.setting.project.infra(*command.split()[1:], "--yes")
    live = call(prefect_server, "GET", f"/work_pools/pool-{drifted.setting.n}/queues/old-queue")
    assert live["id"] == queue["id"]


def test_only_listed_fields_are_set_back(drifted: Drifted, prefect_server: str) -> None:
    """Of `q` the limit is listed, and its priority is not: it stays as it is."""
    n, project = drifted.setting.n, drifted.setting.project
    listed = [f"{{kind: WorkQueue, name: 'pool-{n}/*', fields: [paused, concurrencyLimit], stacks: [dev]}}"]
    listed += ["{kind: WorkQueue, fields: [paused], stacks: [prod]}"]
    (project.root / "review.yaml").write_text(f"unmanaged: hide\nheal: [{', '.join(listed)}]\n")
    done = project.infra("drift", "--heal", "--json", check=False)
    assert done.returncode == 3, done.stderr
    (environment,) = json.loads(done.stdout)["environments"]
    notes = [note for note in environment["notes"] if "set back" in note]
    assert notes == [f"set back: WorkQueue pool-{n}/calm: paused: true -> false"]
    left = {item["name"] for item in environment["items"] if item["kind"] == "WorkQueue"}
    assert left == {f"pool-{n}/q", f"pool-{n}/lost-queue"}
    queues = call(prefect_server, "POST", f"/work_pools/pool-{n}/queues/filter", {})
    live = {queue["name"]: (queue["is_paused"], queue["priority"], queue["concurrency_limit"]) for queue in queues}
    assert (live["calm"][0], live["q"][1:]) == (False, (3, 4))
    record = json.loads(project.infra("history", "--json", "--limit", "1").stdout)[0]
    assert (record["command"], record["changes"]["update"]) == ("drift", 1)
