"""`infra status` without a stack: one table over all stacks of the project. Reads only."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from prefect_pulumi.app import workers
from prefect_pulumi.app.release import releases
from prefect_pulumi.app.release.apply import load_course, pending
from prefect_pulumi.app.release.verify import client_of, now
from prefect_pulumi.cli.output.tables import print_table
from prefect_pulumi.core.errors import ExitCode, InputError, PrefectPulumiError
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.promotion import overview
from prefect_pulumi.promotion.overview import Row, Runs
from prefect_pulumi.promotion.release_records import carried as carried_in
from prefect_pulumi.promotion.stages import Stages
from prefect_pulumi.state.entries import ResourceEntry

MOST_RUNS = 200


def show(arguments: Namespace, project: Stack) -> ExitCode:
    """Exit code 4 when something of a stack could not be read: its row says why."""
    rows = [row_of(stack, drift=not arguments.no_drift) for stack in stacks_of(project)]
    format = "json" if arguments.json else arguments.format
    if format == "text" and arguments.out is None:
        _table(rows)
    else:
        _write(_rendered(format, rows, project.project.name), arguments.out)
    return ExitCode.CANNOT_CHECK if any(row.problem for row in rows) else ExitCode.DONE


def stacks_of(project: Stack) -> list[Stack]:
    """Every stack that has a file: the stages in their order, then the others."""
    names = [path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in project.root.glob("Pulumi.*.yaml")]
    staged = [name for name in Stages.parse(project.project.promotion).stacks if name in names]
    return [replace(project, name=name) for name in [*staged, *sorted(set(names) - set(staged))]]


def row_of(stack: Stack, *, drift: bool) -> Row:
    row = Row(stack.name)
    try:
        snapshot = releases.snapshot_of(stack)
        if not snapshot.resources:
            return row
        carried = carried_in(snapshot.resources)
        row = replace(
            row,
            made=True,
            release=carried.record,
            verified=overview.verified_word(carried),
            pinned=str(releases.pin_of(stack).get("id", "")) if pending(stack) else "",
            under_way=_under_way(stack),
        )
        row = _asked(stack, row, snapshot.resources)
        if drift:
            from prefect_pulumi.app.review.drift_report import drift_report

            environment = drift_report(releases.at_pin(stack)).environments[0]
            word, count = overview.drift_of(environment)
            problems = "; ".join(problem.message for problem in environment.problems)
            row = replace(row, drift=word, drifted=count, problem=problems)
    except PrefectPulumiError as error:
        row = replace(row, problem=str(error).splitlines()[0])
    return row


def _under_way(stack: Stack) -> str:
    course = load_course(stack)
    return f"{course.kind} stopped at: {course.stage}" if course is not None and not course.stage.ended else ""


def _asked(stack: Stack, row: Row, entries: list[ResourceEntry]) -> Row:
    client = client_of(stack)
    try:
        report = workers.gather(client, stack.name, "", entries)
        declared = [worker for pool in report.pools for worker in pool.workers if worker.declared]
        online = sum(worker.online for worker in declared)
        return replace(row, workers=(online, len(declared)), runs=_runs(client), server=report.version)
    finally:
        client.close()


def _runs(client: Any) -> Runs:
    """Runs that began in the last 24 hours (`POST /flow_runs/filter`), the newest first."""
    since = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    body = {
        "flow_runs": {"start_time": {"after_": since}},
        "sort": "START_TIME_DESC",
        "limit": MOST_RUNS,
    }
    found = client.request("POST", "/flow_runs/filter", json=body)
    if not found:
        return Runs()
    first = found[0]
    last = {"name": first["name"], "state": first.get("state_name") or "", "time": first.get("start_time") or ""}
    counted = Counter(str(run.get("state_type")) for run in found)
    return Runs(dict(counted), last, len(found) == MOST_RUNS)


def _rendered(format: str, rows: list[Row], project: str) -> str:
    if format == "json":
        return overview.as_json(rows, project, now())
    if format == "html":
        return overview.html(rows, project, now())
    lines = [
        "  ".join(text for text, _ in overview.cells(row)) + (f"  {row.problem}" * bool(row.problem)) for row in rows
    ]
    return "\n".join(lines) + "\n"


def _write(text: str, out: str | None) -> None:
    if out is None:
        sys.stdout.write(text)
        return
    try:
        Path(out).write_text(text, "utf-8")
    except OSError as error:
        raise InputError(error.strerror or str(error), where=f"--out {out}") from error


def _table(rows: list[Row]) -> None:
    styles = {overview.HEALTHY: "green", overview.NOTICE: "yellow", overview.BAD: "red"}
    shown = [[(text, styles.get(meant, "")) for text, meant in overview.cells(row)] for row in rows]
    print_table(overview.COLUMNS, shown)
    for row in rows:
        if row.problem:
            sys.stderr.write(f"{row.stack}: {row.problem}\n")
