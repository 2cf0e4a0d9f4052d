"""All stacks of a project at a glance. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from prefect_pulumi.api.cloud import ui_address
from prefect_pulumi.app.health import read_health, stack_objects
from prefect_pulumi.app.history import read_history
from prefect_pulumi.app.release.journal import load_rollout
from prefect_pulumi.app.release.rollout import is_pending
from prefect_pulumi.app.review.context import server_notes
from prefect_pulumi.app.review.drift_report import drift_report
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.app.workers import worker_report
from prefect_pulumi.core.errors import PrefectPulumiError, StateError
from prefect_pulumi.project import layout
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.promotion import overview
from prefect_pulumi.promotion.overview import Row
from prefect_pulumi.promotion.stages import Stages
from prefect_pulumi.review import phrases

CHANGING = frozenset({"up", "destroy", "promote", "rollback", "verify"})
"""Commands of the history of which a stack's row tells."""


@dataclass(frozen=True, slots=True)
class OverviewRequest:
    """`drift`: run the programs to look for drift."""

    drift: bool = True


def project_overview(views: Iterable[StackView], request: OverviewRequest) -> list[Row]:
    """A row for each stack; what could not be read is its `problem`."""
    return [_row(view, drift=request.drift) for view in views]


def stack_names(project: Stack) -> list[str]:
    """Every stack that has a file: the stages in their order, then the others."""
    names = layout.stack_names(project.root)
    staged = [name for name in Stages.parse(project.project.promotion).stacks if name in names]
    return [*staged, *sorted(set(names) - set(staged))]


def _row(view: StackView, *, drift: bool) -> Row:
    row = Row(view.name)
    try:
        if not _has_state(view) or not view.exists:
            return row
        row = replace(
            row,
            made=True,
            release=view.releases.record,
            verified=overview.verified_word(view.releases),
            pinned=view.pin.id if view.pin and is_pending(view) else "",
            under_way=_under_way(view),
            refused=_refused(view),
        )
        row = _with_server(view, row)
        if drift:
            row = _with_drift(view, row)
    except PrefectPulumiError as error:
        notes = server_notes(view, view.snapshot) if row.made else ()
        row = replace(row, problem=str(error).splitlines()[0], notes=(*row.notes, *notes))
    return row


def _has_state(view: StackView) -> bool:
    """Whether there is one to read, with its passphrase. The official CLI says so only by reading it."""
    return view.stack.is_remote or view.stack.backend.reader(view.name).exists()


def _under_way(view: StackView) -> str:
    rollout = load_rollout(view.stack)
    return f"{rollout.kind} stopped at: {rollout.phase}" if rollout is not None and not rollout.phase.ended else ""


def _refused(view: StackView) -> str:
    """The newest command that would have changed the stack, unless it succeeded."""
    try:
        commands = read_history(view.stack)
    except StateError:
        return ""
    newest = next((command for command in commands if command.command in CHANGING), None)
    if newest is None or newest.result == "succeeded":
        return ""
    text = f": {newest.text}" if newest.text else ""
    return f"{newest.command} {newest.result} {phrases.moment(newest.time)}, by {newest.by}{text}"


def _with_drift(view: StackView, row: Row) -> Row:
    environment = drift_report(view.at_pin(), patches=False).environments[0]
    word, count = overview.drift_of(environment)
    problems = "; ".join(problem.message for problem in environment.problems)
    return replace(row, drift=word, drifted=count, problem=problems, notes=environment.notes)


def _with_server(view: StackView, row: Row) -> Row:
    client = view.client()
    try:
        report = worker_report(client, view.name, view.connection, view.entries)
        declared = [worker for pool in report.pools for worker in pool.workers if worker.declared]
        online = sum(worker.online for worker in declared)
        own = stack_objects(view.entries, ui_address(view.connection.api_url))
        runs, health = read_health(client, own, report.pools)
        return replace(row, workers=(online, len(declared)), runs=runs, health=tuple(health), server=report.version)
    finally:
        client.close()
