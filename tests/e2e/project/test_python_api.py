"""A whole life of two stacks through the Python API, without the command line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from prefect_pulumi import Project
from prefect_pulumi.app.config import SetConfigRequest
from prefect_pulumi.app.events import Event, Notice, Progress, RolloutEnded, StepDone
from prefect_pulumi.app.operations import PreviewRequest, RefreshRequest, UpRequest
from prefect_pulumi.app.overview import OverviewRequest
from prefect_pulumi.app.release.promote import PromoteRequest
from prefect_pulumi.app.release.rollout import RollbackRequest
from prefect_pulumi.app.release.verify import VerifyRequest
from prefect_pulumi.app.review.accept import AcceptRequest
from prefect_pulumi.app.review.adopt import AdoptRequest
from prefect_pulumi.app.review.branch_review import ReviewRequest
from prefect_pulumi.app.state_edits import RenameRequest
from prefect_pulumi.core.errors import ChangesFound, GateError, InputError
from prefect_pulumi.review.model import Status
from prefect_pulumi.state import journal_replay
from tests.support.promotion_project import two_stacks

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

PROGRAM = """
import pulumi
from prefect_pulumi.components import Server, declare_release, load_environment
from prefect_pulumi.resources import Variable

print("said by the program")
environment = load_environment()
server = Server("server", environment.server)
Variable("version", server.options, name=f"{name}_{{pulumi.get_stack()}}", value={version})
release = declare_release("release", environment, server.options, flows=[])
pulumi.export("release", release.record)
"""


class EventLog:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def emit(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def repository(tmp_path: Path, prefect_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with two_stacks(tmp_path, prefect_server, monkeypatch, PROGRAM) as project:
        yield project


def test_a_whole_life(repository: Any, capfd: pytest.CaptureFixture[str]) -> None:
    log, output = EventLog(), StringIO()
    project = Project.find(repository.root / "infra", sink=log, output=output)
    dev, prod = project.stack("dev"), project.stack("prod")
    repository.version("first")
    capfd.readouterr()

    assert dev.preview().summary["create"] > 0
    declined = dev.up(confirm=lambda planned: False)
    assert declined.result is not None
    assert declined.result.steps == ()
    assert repository.live("dev") is None
    created = dev.up(UpRequest(parallel=4)).result
    assert created is not None
    assert (created.changed, repository.live("dev")) == (True, "first")
    assert any(event.step.type.endswith(":Variable") for event in log.of(StepDone))
    assert dev.outputs()["release"]["id"] == "dev-1"

    _drift_and_back(repository, dev)
    with pytest.raises(GateError, match="verified"):
        project.promote("dev", "prod", PromoteRequest(preview=True))
    assert dev.verify(VerifyRequest()).verification.passed
    assert dev.verify(VerifyRequest(once=True)).skipped
    assert any(event.text.startswith("passed  drift") for event in log.of(Progress))
    _promotion_and_rollback(repository, project, log)

    assert [row.stack for row in project.overview(OverviewRequest(drift=False))] == ["dev", "prod"]
    report = project.review(ReviewRequest(("dev", "prod")))
    assert [entry.stack for entry in report.environments] == ["dev", "prod"]
    for stack in (prod, dev):
        stack.destroy()
    assert (repository.live("dev"), repository.live("prod")) == (None, None)
    assert "said by the program" in output.getvalue()
    shown = capfd.readouterr()
    assert (shown.out, shown.err) == ("", "")  # nothing is printed, whatever is done


def _drift_and_back(repository: Any, dev: Any) -> None:
    repository.edit_live("dev", "by hand")
    report = dev.drift()
    assert report.status is Status.DRIFT
    with pytest.raises(ChangesFound):
        dev.refresh(RefreshRequest(expect_no_changes=True))
    adoption = dev.adopt(AdoptRequest(("Variable *",)))
    assert "by hand" in adoption.patch
    tomorrow = date.today() + timedelta(days=1)
    with pytest.raises(InputError, match="no drifted object named"):
        dev.accept(AcceptRequest(("Variable nope",), "ana", "why", tomorrow))
    name = f"Variable {repository.name}_dev"
    assert dev.accept(AcceptRequest((name,), "ana", "until tomorrow", tomorrow)) == [name]
    assert dev.drift().status is not Status.DRIFT
    repository.git("checkout", "-q", "review.yaml")
    dev.up(UpRequest(refresh=True))
    assert repository.live("dev") == "first"


def _promotion_and_rollback(repository: Any, project: Project, log: EventLog) -> None:
    prod, plans = project.stack("prod"), []
    first = project.promote("dev", "prod", PromoteRequest(apply=True), show=plans.append)
    assert first.rollout is not None
    assert (first.rollout.phase, repository.live("prod")) == ("done", "first")
    assert plans[0].release.id == "dev-1"
    repository.commit("promote")
    repository.verified("second")
    asked: list[Any] = []
    project.promote("dev", "prod", PromoteRequest(apply=True), confirm=lambda rollout: not asked.append(rollout))
    assert (len(asked), repository.live("prod")) == (1, "second")
    releases, record = prod.release()
    assert (record.id, [kept.id for kept in releases.kept]) == ("prod-2", ["prod-2", "prod-1"])
    assert project.promote("dev", "prod", PromoteRequest()).needless
    assert prod.rollback(RollbackRequest()).kind == "rollback"
    assert repository.live("prod") == "first"
    assert [event.rollout.kind for event in log.of(RolloutEnded)] == ["promote", "promote", "rollback"]
    assert any("pinned" in event.text for event in log.of(Notice))


def test_config_and_state(repository: Any) -> None:
    repository.version("first")
    dev = Project.find(repository.root).stack("dev")
    dev.set_config(SetConfigRequest("greeting", "hello", secret=True))
    assert dev.get_config("greeting") == "hello"
    dev.up()
    (old, new), *_ = dev.rename_resource(RenameRequest("version", "renamed")).items()
    assert (old.endswith("::version"), new.endswith("::renamed")) == (True, True)
    assert '"urn"' in dev.export_state()
    assert dev.cancel_update() == 0
    dev.destroy()


def test_a_command_reads_each_state_once(repository: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.verified("first")
    loads: Counter[str] = Counter()
    load = journal_replay.load

    def counted(backend: Any, stack: str, *more: Any, **options: Any) -> Any:
        loads[stack] += 1
        return load(backend, stack, *more, **options)

    monkeypatch.setattr(journal_replay, "load", counted)
    project = Project.find(repository.root)

    def loads_of(call: Any) -> dict[str, int]:
        loads.clear()
        call()
        return dict(loads)

    dev = project.stack("dev")
    assert loads_of(lambda: project.promote("dev", "prod", PromoteRequest(preview=True))) == {"dev": 1, "prod": 1}
    # The evidence is written under the stack's lock, into the state as it is then.
    assert loads_of(lambda: dev.verify(VerifyRequest())) == {"dev": 2}
    assert loads_of(dev.drift) == {"dev": 1}
    assert loads_of(lambda: dev.preview(PreviewRequest())) == {"dev": 1}
    assert loads_of(lambda: project.overview(OverviewRequest())) == {"dev": 1, "prod": 1}
    assert loads_of(lambda: project.review(ReviewRequest(("dev",)))) == {"dev": 1}
